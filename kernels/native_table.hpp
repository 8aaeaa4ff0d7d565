// The list of .cu files in this build. Made by cmake/Kernels.cmake, read through native_kernel().
#pragma once

#include <string_view>
#include <vector>

#include "kernels/source.hpp"

namespace stele {

struct NativeExport {
    Language language;
    std::string_view algorithm;  ///< "gemm/tiled"
    std::vector<NativeInstance> (*instances)();
};

/// Empty in a build without nvcc.
const std::vector<NativeExport>& native_exports();

}  // namespace stele
