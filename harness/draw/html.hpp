// Documents as one page of HTML that needs nothing else.
#pragma once

#include <string>

#include "harness/draw/document.hpp"

namespace stele {

/// A whole page. The title is that of the first table or heading.
std::string html_text(const Document& document);

}  // namespace stele
