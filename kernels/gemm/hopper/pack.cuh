// Operands that no tensor map can describe, laid out again: rows whose bytes are no multiple of 16, and 32-bit B from
// [K,N], which wgmma wants K-major.
#pragma once

#include <cstdint>

#include "kernels/common/native.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

/// to[rows, pitch] = from[rows_given, cols], zeros to the right and below. One row after the other in the grid's x, 256
/// threads a row.
template <typename T>
__global__ void gemm_hopper_pack(const T* __restrict__ from, T* __restrict__ to, int rows_given, int cols, int pitch) {
    const auto row = static_cast<long long>(blockIdx.x);
    for (int col = static_cast<int>(threadIdx.x); col < pitch; col += 256)
        to[row * pitch + col] = row < rows_given && col < cols ? from[row * cols + col] : T{0};
}

/// For each matrix of the grid's z: to[cols, pitch] = transpose of from[rows, cols], zeros to the right. A block takes
/// 32 × 32 by 32 × 8 threads.
__global__ void gemm_hopper_transpose(const std::uint32_t* __restrict__ from, std::uint32_t* __restrict__ to, int rows,
                                      int cols, int pitch) {
    __shared__ std::uint32_t tile[32][33];
    const long long matrix = blockIdx.z;
    from += matrix * rows * cols;
    to += matrix * cols * pitch;
    const int x = static_cast<int>(threadIdx.x % 32), y = static_cast<int>(threadIdx.x / 32);
    const int first_row = static_cast<int>(blockIdx.x) * 32, first_col = static_cast<int>(blockIdx.y) * 32;
    for (int i = y; i < 32; i += 8) {
        const int row = first_row + i, col = first_col + x;
        tile[i][x] = row < rows && col < cols ? from[static_cast<long long>(row) * cols + col] : 0;
    }
    __syncthreads();
    for (int i = y; i < 32; i += 8) {
        const int row = first_row + x, col = first_col + i;
        if (col < cols && row < pitch) to[static_cast<long long>(col) * pitch + row] = tile[x][i];
    }
}

}  // namespace stele::gemm::ptx
