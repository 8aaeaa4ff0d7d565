// Any OpenCL device through the ICD loader.
#pragma once

#include <memory>
#include <string>

#include "backends/backend.hpp"

namespace stele {

/// Devices opencl:0, opencl:1, … over all platforms, in the loader's order.
std::unique_ptr<Backend> opencl_backend();

/// What the driver's compiler made of the kernel's program: PTX text on NVIDIA, an ELF or bitcode file elsewhere.
/// Throws DeviceError if the kernel was not loaded by the OpenCL backend from text.
std::string opencl_program_binary(const Kernel& kernel);

}  // namespace stele
