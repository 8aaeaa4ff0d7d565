// Tables for a terminal, at most `width` columns wide.
#pragma once

#include <string>

#include "harness/draw/document.hpp"

namespace stele {

/// The table as lines of text, each ended. Cells are never cut; messages and notes wrap at `width`. What would steer
/// the terminal is shown, not sent.
std::string console_text(const Table& table, std::size_t width = 120);

/// Its parts with an empty line between.
std::string console_text(const Document& document, std::size_t width = 120);

}  // namespace stele
