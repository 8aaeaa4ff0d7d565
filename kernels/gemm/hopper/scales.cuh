// One scale for each 128 of a row of A, and for each 128 × 128 of B.
#pragma once

#include "kernels/common/ptx/math.cuh"
#include "kernels/common/ptx/memory.cuh"
#include "kernels/gemm/hopper/load.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

/// Of a thread's two rows in one block of K: the row's scale times tile B's.
struct ScalePair {
    float upper, lower;
};

/// Walks along K over the scales of a thread's rows, one block ahead of what it gives out.
class BlockScales {
public:
    /// `first_row` of the tile is the warpgroup's first. Rows beyond the product take its last row's scale: finite,
    /// and their sums go nowhere.
    __device__ __forceinline__ BlockScales(const float* scale_a, const float* scale_b, const TilePlace& place,
                                           int first_row, int M, int N, int blocks, int thread)
        : blocks_(blocks) {
        const int row = place.row + first_row + thread / 32 * 16 + thread % 32 / 4, last = place.row_end - 1;
        const long long matrix = static_cast<long long>(place.matrix_a) * M;
        const int blocks_n = (N + 127) / 128;
        upper_ = scale_a + (matrix + min(row, last)) * blocks;
        lower_ = scale_a + (matrix + min(row + 8, last)) * blocks;
        tile_b_ = scale_b + (static_cast<long long>(place.matrix_b) * blocks_n + place.col / 128) * blocks;
        read();
    }

    /// Those of the block at hand; asks for the next.
    __device__ __forceinline__ ScalePair next() {
        const ScalePair now{mul_rn_f32(ahead_upper_, ahead_b_), mul_rn_f32(ahead_lower_, ahead_b_)};
        if (++block_ < blocks_) read();
        return now;
    }

private:
    __device__ __forceinline__ void read() {
        ahead_upper_ = __uint_as_float(ld_global_nc_b32(upper_ + block_));
        ahead_lower_ = __uint_as_float(ld_global_nc_b32(lower_ + block_));
        ahead_b_ = __uint_as_float(ld_global_nc_b32(tile_b_ + block_));
    }

    const float *upper_, *lower_, *tile_b_;
    int block_ = 0, blocks_;
    float ahead_upper_, ahead_lower_, ahead_b_;
};

/// sums += acc × scale, in f32.
template <int ACCUMULATORS, typename Accumulator>
__device__ __forceinline__ void add_scaled(float (&sums)[ACCUMULATORS], const Accumulator (&acc)[ACCUMULATORS],
                                           const ScalePair& scale) {
#pragma unroll
    for (int i = 0; i < ACCUMULATORS; ++i)
        sums[i] = fma_rn_f32(static_cast<float>(acc[i]), i / 2 % 2 == 0 ? scale.upper : scale.lower, sums[i]);
}

}  // namespace stele::gemm::ptx
