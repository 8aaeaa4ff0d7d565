// docs/cli/, compiled in, as the text of --help.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stele {

/// A page as it was when this binary was built, in Markdown: "bench", or "index". Empty where there is none.
std::string_view manual_page(std::string_view name);
/// The names of all pages.
std::vector<std::string> manual_pages();

/// The text for `stele <command> --help`, or for `stele --help` where `command` is empty: the page without Markdown's
/// marks, and without the lists of suites, which `stele list --suites` prints.
std::string manual_help(std::string_view command);

}  // namespace stele
