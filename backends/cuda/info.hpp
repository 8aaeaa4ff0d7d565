// What the CUDA runtime tells about devices.
#pragma once

#include <string>
#include <vector>

#include "backends/backend.hpp"

namespace stele::cudart {

struct Found {
    std::vector<DeviceInfo> devices;
    std::string why_none;  ///< a sentence when there is no device
};

/// Does not throw: no driver and no device are a reason, not an error.
Found find_devices();

}  // namespace stele::cudart
