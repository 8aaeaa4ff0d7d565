// What two identical sides differ by on the device of a cell.
#pragma once

#include <cstdint>
#include <optional>

#include "harness/record/measurement.hpp"

namespace stele {

/// By its work alone: none and no traffic to speak of, fewer FLOPs a byte than bandwidth_intensity, or more.
KernelKind kind_of(const Measurement& cell);

/// The floor for a comparison of so many rounds: measured with as many, else with the most below that, which is no
/// less. None where `stele doctor` has not measured it on this device.
std::optional<NoiseFloor> noise_floor(const Report& report, const Measurement& cell, std::uint32_t rounds);

}  // namespace stele
