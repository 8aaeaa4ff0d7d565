// What is known of why two times differ, beside the code.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/study/comparability.hpp"
#include "harness/study/finding.hpp"

namespace stele {

/// Sentences without a stop: the clock in the place of the code, throttling, samples in two heaps, other inputs,
/// driver, library or tile, and what was let pass. `margin` as FindingRules has it.
std::vector<std::string> causes_of(const MatchedCells& cells, std::span<const PairedRounds> rounds,
                                   const Effect& effect, double margin);

}  // namespace stele
