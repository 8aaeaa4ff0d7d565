// Tables as GitHub's Markdown.
#pragma once

#include <string>

#include "harness/draw/document.hpp"

namespace stele {

/// A heading of `level`, the table, and its notes. Cells are escaped.
std::string markdown_text(const Table& table, int level = 3);

std::string markdown_text(const Document& document);

}  // namespace stele
