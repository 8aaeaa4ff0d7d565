// docs/cli.md, compiled in, as the text of --help.
#pragma once

#include <string>
#include <string_view>

namespace stele {

/// docs/cli.md as it was when this binary was built.
std::string_view manual();

/// The text for `stele <command> --help`, or for `stele --help` where `command` is empty: the page's section, without
/// Markdown's marks. The first part stands for the program itself, with the sections that are not about one command.
std::string manual_help(std::string_view command);

}  // namespace stele
