// What the OpenCL loader was told, and what became of it: it passes over drivers that do not load without a word.
#pragma once

#include <string>

namespace stele::opencl {

/// Why there is no platform, and what to do: the variable that leads elsewhere, the driver that does not load in the
/// dynamic loader's words, or that no driver is installed.
std::string why_no_platform();

/// " (POCL_DEVICES=cuda)": the variable by which a platform may have lost its devices; empty where it is not set.
std::string device_variable();

}  // namespace stele::opencl
