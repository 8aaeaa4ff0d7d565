// What a measurement was made on, by whichever runtime.
#pragma once

#include <string>

#include "harness/record/measurement.hpp"

namespace stele {

/// What a device is made of. The CPU is one piece of hardware, by whichever runtime it is reached, and so is a GPU that
/// CUDA and OpenCL both list.
std::string hardware_of(const DeviceInfo& device, const Environment& environment);

/// The same with the family of a CPU, by which equal names are told apart: "AMD EPYC (family 26 model 2 stepping 1)". A
/// report that does not know it speaks of an unknown CPU of that name.
std::string hardware_and_family(const DeviceInfo& device, const Environment& environment);

/// A name for a folder: "NVIDIA H200" is "h200", "AMD EPYC 9R14 96-Core Processor" is "epyc-9r14".
std::string hardware_slug(const std::string& hardware);

}  // namespace stele
