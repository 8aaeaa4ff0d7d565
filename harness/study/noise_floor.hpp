// What two equal sides differ by on this machine.
#pragma once

#include <optional>
#include <span>

#include "harness/record/measurement.hpp"

namespace stele {

/// The A/A floor that the reports carry: the 95th percentile of |ratio - 1| over comparisons of equal sides. No report
/// carries one yet.
std::optional<double> noise_floor(std::span<const Report> reports);

}  // namespace stele
