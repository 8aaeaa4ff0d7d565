// How a GEMM algorithm that has one kernel in CUDA C++, PTX and OpenCL C becomes variants.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/gemm/gemm.hpp"

namespace stele::gemm {

/// One algorithm with one tile. Its siblings are kernels gemm_<algorithm>(A, B, C, M, N, K) on a line of blocks.
struct KernelRow {
    std::string algorithm;  ///< "tiled"
    std::string tile;       ///< empty where there is none to choose
    bool default_tile = true;
    int threads = 0;  ///< of a block
    std::function<std::int64_t(const Shape&)> blocks;
    std::function<std::size_t(const Shape&)> shared_bytes;  ///< that the kernel declares; empty: none
    std::vector<std::string> definitions;                   ///< the tile as OpenCL options
};

/// The row's variants in the three languages.
std::vector<Variant> variants_of(const KernelRow& row);

/// ceil(a / b)
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace stele::gemm
