// One stage's loads by TMA. Maps have three dimensions: K (or N), rows, and which matrix of a batch or group.
#pragma once

#include "kernels/common/ptx/mbarrier.cuh"
#include "kernels/common/ptx/tma.cuh"
#include "kernels/gemm/hopper/operands.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

/// Where a block's tile lies: first row of A and C, first column, and which matrices.
struct TilePlace {
    int row = 0, col = 0;
    int matrix_a = 0, matrix_b = 0;
    /// Where the rows of its product end.
    int row_end = 0;
};

/// Both tiles of a stage into this block. B from [N,K] is one box of BLOCK_N rows.
template <typename G>
__device__ __forceinline__ void load_stage(unsigned char* stage, const TensorMap& map_a, const TensorMap& map_b,
                                           std::uint64_t* full, const TilePlace& place, int k) {
    mbarrier_arrive_expect_tx(full, G::STAGE_BYTES);
    tma_load_3d(stage, map_a, full, k, place.row, place.matrix_a);
    unsigned char* tile_b = stage + G::TILE_A;
    if constexpr (G::B_IS_KN) {
#pragma unroll
        for (int box = 0; box < G::BLOCK_N / G::BOX_COLUMNS; ++box)
            tma_load_3d(tile_b + box * G::BOX_BYTES, map_b, full, place.col + box * G::BOX_COLUMNS, k, place.matrix_b);
    } else {
        tma_load_3d(tile_b, map_b, full, k, place.col, place.matrix_b);
    }
}

/// The same where `blocks` blocks of a cluster share tile B: each brings its part of it to all. B from [N,K] is boxes
/// of BLOCK_N / blocks rows.
template <typename G>
__device__ __forceinline__ void load_stage_shared(unsigned char* stage, const TensorMap& map_a, const TensorMap& map_b,
                                                  std::uint64_t* full, const TilePlace& place, int k, int rank,
                                                  int blocks) {
    const auto all = static_cast<std::uint16_t>((1 << blocks) - 1);
    const int part = G::BLOCK_N / blocks, first = rank * part;
    // All of tile B comes here, whoever sends it.
    mbarrier_arrive_expect_tx(full, G::STAGE_BYTES);
    tma_load_3d(stage, map_a, full, k, place.row, place.matrix_a);
    unsigned char* tile_b = stage + G::TILE_A + first * gemm::hopper_depth_bytes;
    if constexpr (G::B_IS_KN) {
        for (int col = 0; col < part; col += G::BOX_COLUMNS)
            tma_load_3d_multicast(tile_b + col * gemm::hopper_depth_bytes, map_b, full, all, place.col + first + col, k,
                                  place.matrix_b);
    } else {
        tma_load_3d_multicast(tile_b, map_b, full, all, k, place.col + first, place.matrix_b);
    }
}

}  // namespace stele::gemm::ptx
