// What differs between siblings beside the language, as a page says it: in a sentence, and in rows to sort and filter.
#pragma once

#include <span>
#include <string>

#include "harness/draw/table.hpp"
#include "harness/study/parity.hpp"

namespace stele {

/// How many pairs of siblings on a problem differ in nothing else, and in what the others do, the most frequent first.
/// Empty without pairs.
std::string parity_words(std::span<const SiblingParity> rows);

/// A row for each difference; for a pair without any, one that says so.
Table parity_part(std::span<const SiblingParity> rows);

}  // namespace stele
