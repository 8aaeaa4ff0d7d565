// What a .cu file exports.
#pragma once

#include <string>

#include "backends/native_kernel.hpp"

namespace stele {

/// One instance of a templated kernel, as a `.cu` file exports it.
struct NativeInstance {
    std::string entry;     ///< kernel function: "gemm_tiled"
    std::string instance;  ///< tile and types: "128x128x16 f32 kn"
    NativeKernel kernel;
};

}  // namespace stele
