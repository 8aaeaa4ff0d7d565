// What a measurement was made on, by whichever runtime.
#pragma once

#include <string>

#include "harness/record/measurement.hpp"

namespace stele {

/// What a device is made of. The CPU is one piece of hardware, by whichever runtime it is reached, and so is a GPU that
/// CUDA and OpenCL both list. CPUs of equal names are told apart by their identity: "AMD EPYC (AuthenticAMD family 25
/// model 17 stepping 1)"; a report that does not know it speaks of an unknown CPU of that name.
std::string hardware_of(const DeviceInfo& device, const Environment& environment);

/// A name for a folder: "NVIDIA H200" is "h200", "AMD EPYC 9R14 96-Core Processor (AuthenticAMD family 25 …" is
/// "epyc-9r14-family-25-…".
std::string hardware_slug(const std::string& hardware);

}  // namespace stele
