// What OpenCL tells about platforms and devices.
#pragma once

#include <CL/cl.h>

#include <string>
#include <vector>

#include "backends/backend.hpp"

namespace stele::opencl {

struct FoundDevice {
    cl_platform_id platform = nullptr;
    cl_device_id device = nullptr;
    DeviceInfo info;
    std::size_t buffer_alignment = 128;  ///< of a sub-buffer's origin, in bytes
};

struct Found {
    std::vector<FoundDevice> devices;
    std::string why_none;  ///< a sentence when there is no device
};

/// Every usable device of every platform. Does not throw: what is broken is left out and told in why_none.
Found find_devices();

}  // namespace stele::opencl
