// Tensor maps as NVIDIA's driver makes them.
#pragma once

#include "backends/tensor_map.hpp"

namespace stele::cudart {

/// A CUtensorMap for the tensor at device address `address`: zeros outside, 256 bytes fetched into L2. Throws
/// TensorMapError for what no map can hold, DeviceError if the driver has no such call or refuses.
TensorMap encode_tensor_map(const TensorMapSpec& spec, void* address);

}  // namespace stele::cudart
