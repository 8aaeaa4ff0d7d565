// What share of a measured ceiling a time is.
#pragma once

#include <span>

#include "harness/record/measurement.hpp"

namespace stele {

/// Fewer FLOPs for a byte of compulsory traffic: bound by memory on every machine that is known.
inline constexpr double bandwidth_intensity = 10;

/// Sets fraction_of_peak and ceiling of a timed cell, or neither. The time at the ceilings is the longer of the work's
/// at the highest rate of its dtype and of its compulsory traffic's at the memory's (the roofline of Williams, Waterman
/// and Patterson, CACM 52, 2009). On a warm cache, where traffic is no bound, the work's alone. Of a kernel that moves
/// less than it must, as its outputs stay in the cache, the fraction may exceed 1.
void compare_with_ceilings(Measurement& cell, std::span<const Ceiling> ceilings);

/// What `ceiling` counts of this cell, FLOPs or bytes.
double counted(const Measurement& cell, const Ceiling& ceiling);

}  // namespace stele
