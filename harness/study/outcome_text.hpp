// What stands where a cell's figures would.
#pragma once

#include <string>

#include "harness/record/measurement.hpp"

namespace stele {

/// Of a cell without a timing: "wrong: every element is zero", "passed, not timed: one execution took 3 s".
std::string outcome_text(const Measurement& cell);

}  // namespace stele
