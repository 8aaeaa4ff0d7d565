// What flash_split's CUDA siblings share: a block's shared memory.
#pragma once

#include "kernels/attention/flash_split/flash_split.hpp"
#include "kernels/common/half.cuh"

namespace stele::attention {

/// Threads that a multiprocessor is meant to hold, by their registers. Keys in f32 leave room for half as many blocks,
/// each with the registers of two: with fewer it spilt.
template <typename T>
inline constexpr int split_threads_per_sm = sizeof(T) == 4 ? Tile::threads_per_sm / 2 : Tile::threads_per_sm;

/// Queries for all warps, then what each warp has for itself. `A` is the Phases of one warp.
template <typename A, typename T, SplitTile tile>
struct SplitMemory {
    static constexpr std::size_t QUERY_BYTES = tile.query_bytes(A::HEAD_DIM);
    static constexpr std::size_t WARP_BYTES = tile.warp_bytes(A::HEAD_DIM, sizeof(T));

    unsigned char* memory;

    __device__ unsigned char* of_warp(int warp) const { return memory + QUERY_BYTES + warp * WARP_BYTES; }
    __device__ typename A::Shared place(int warp) const {
        typename A::Shared shared;
        shared.tile_q = reinterpret_cast<float*>(memory);
        shared.query_row = reinterpret_cast<int*>(shared.tile_q + A::BLOCK_M * A::QUERY_STRIDE);
        shared.visible = shared.query_row + A::BLOCK_M;
        shared.tile_k = reinterpret_cast<T*>(of_warp(warp));
        shared.tile_v = shared.tile_k + A::KEY_TILE;
        shared.tile_p = reinterpret_cast<float*>(shared.tile_v + A::KEY_TILE);
        return shared;
    }
    /// [BLOCK_M, HEAD_DIM], a warp's sums, in the place of its keys and values.
    __device__ float* acc_of(int warp) const { return reinterpret_cast<float*>(of_warp(warp)); }
    /// [BLOCK_M], row_max and row_sum, in the place of its weights.
    __device__ float2* state_of(int warp) const { return reinterpret_cast<float2*>(place(warp).tile_p); }
};

}  // namespace stele::attention
