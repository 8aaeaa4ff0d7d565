// Text that came from outside (arguments, files, drivers), made fit to be shown.
#pragma once

#include <string>
#include <string_view>

namespace stele {

/// Control characters, escape sequences, marks that turn the direction of writing, and bytes that are no UTF-8 as
/// "\x1b" or "\u202e". Line ends stay where `keep_lines`.
std::string visible(std::string_view text, bool keep_lines = false);

/// visible(), cut after `most` characters, with the whole's length where it was cut.
std::string shortened(std::string_view text, std::size_t most = 200);

/// A whole message: visible, its lines kept; a word or a text in quotes longer than 200 characters is cut, a line after
/// 2000, and lines after the 200th are counted.
std::string message_text(std::string_view text);

}  // namespace stele
