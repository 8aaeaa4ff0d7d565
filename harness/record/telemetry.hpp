// What was not as it should be while samples were taken.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "harness/record/measurement.hpp"

namespace stele {

/// The device ran below the clock that it would have had: power, heat, or a brake. That it was idle, or was told to run
/// at some clock, is no such reason.
bool is_throttle(const std::string& reason);

/// How many samples were taken while the device was throttled, or the CPU was given to others.
struct Disturbed {
    std::size_t throttled = 0, stolen = 0;
    std::vector<std::string> reasons{};  ///< each once, in the order of their first appearance
};
Disturbed disturbed(const Timing& timing);

/// "3 of 40 samples throttled (software power cap)", "2 of 40 samples with CPU time stolen, 30 ms in all"; empty where
/// nothing was disturbed.
std::string disturbance_text(const Timing& timing);

}  // namespace stele
