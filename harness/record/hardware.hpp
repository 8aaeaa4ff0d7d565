// What a measurement was made on, by whichever runtime.
#pragma once

#include <string>

#include "harness/record/measurement.hpp"

namespace stele {

/// What a device is made of. The CPU is one piece of hardware, by whichever runtime it is reached, and so is a GPU that
/// CUDA and OpenCL both list.
std::string hardware_of(const DeviceInfo& device, const Environment& environment);

/// A name for a folder: "NVIDIA H200" is "h200", "AMD EPYC 9R14 96-Core Processor" is "epyc-9r14".
std::string hardware_slug(const std::string& hardware);

}  // namespace stele
