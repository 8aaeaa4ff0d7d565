// Tensor maps are made on the host side of the device: modules of kernels only read them.
#pragma once

#include "backends/tensor_map.hpp"

namespace stele::simt {

/// Throws TensorMapError (check_tensor_map).
TensorMap encode_tensor_map(const TensorMapSpec& spec, void* address);

}  // namespace stele::simt
