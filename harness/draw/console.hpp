// Tables for a terminal, at most `width` columns wide.
#pragma once

#include <string>

#include "harness/draw/table.hpp"

namespace stele {

/// The table as lines of text, each ended. Cells are never cut; messages and notes wrap at `width`.
std::string console_text(const Table& table, std::size_t width = 120);

}  // namespace stele
