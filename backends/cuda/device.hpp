// One NVIDIA GPU, opened.
#pragma once

#include <memory>

#include "backends/backend.hpp"

namespace stele::cudart {

/// `ordinal` is the runtime's number of the device that `info` describes.
std::unique_ptr<Device> open_device(int ordinal, const DeviceInfo& info);

}  // namespace stele::cudart
