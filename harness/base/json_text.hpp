// JSON from outside, read within limits; what is wrong with it is said by its place.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace stele {

/// Deeper than any file of Stele's or of the tools that it reads, and far from what a recursive reader's stack holds.
inline constexpr int most_json_depth = 64;

/// Throws BadInput: empty, not JSON (with line and column, what was found and what was expected), or nested deeper than
/// `most_depth`.
nlohmann::ordered_json parse_json(std::string_view text, int most_depth = most_json_depth);

}  // namespace stele
