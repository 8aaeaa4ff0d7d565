// One OpenCL device, opened.
#pragma once

#include <memory>

#include "backends/opencl/info.hpp"

namespace stele::opencl {

std::unique_ptr<Device> open_device(const FoundDevice& found);

}  // namespace stele::opencl
