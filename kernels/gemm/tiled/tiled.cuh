// What tiled.cu and tiled.ptx.cu share: the tile in numbers, and who owns which column.
#pragma once

#include "kernels/common/half.cuh"
#include "kernels/gemm/instances.cuh"
#include "kernels/gemm/tiled/tiled.hpp"

namespace stele::gemm {

template <TiledTile tile>
inline constexpr int tiled_threads = tile.threads();

template <typename T, TiledTile tile, LayoutB layout>
struct Tiled {
    static constexpr int BLOCK_M = tile.block_m, BLOCK_N = tile.block_n, BLOCK_K = tile.block_k;
    static constexpr int THREAD_M = tile.thread_m, THREAD_N = tile.thread_n;
    static constexpr int THREADS_M = BLOCK_M / THREAD_M, THREADS_N = BLOCK_N / THREAD_N;
    static constexpr int NUM_THREADS = tiled_threads<tile>;
    static constexpr int STAGES = 2;
    /// Elements of a 16-byte piece, which is also the padding of a row: it sets the rows that a warp reads at one time
    /// into different banks.
    static constexpr int VECTOR = 16 / static_cast<int>(sizeof(T));
    static constexpr bool B_IS_KN = layout == LayoutB::kn;
    static constexpr int B_ROWS = B_IS_KN ? BLOCK_K : BLOCK_N, B_COLS = B_IS_KN ? BLOCK_N : BLOCK_K;
    static constexpr int A_STRIDE = BLOCK_K + VECTOR, B_STRIDE = B_COLS + VECTOR;
    static constexpr int PIECES_A = BLOCK_M * BLOCK_K / VECTOR / NUM_THREADS;
    static constexpr int PIECES_B = BLOCK_N * BLOCK_K / VECTOR / NUM_THREADS;

    /// A thread's column j within the block: in fours where four are read at once, apart where a row of B is a column.
    static __device__ constexpr int column(int thread_col, int j) {
        return B_IS_KN ? (j / 4 * THREADS_N + thread_col) * 4 + j % 4 : j * THREADS_N + thread_col;
    }
};

/// b[e] is elements k to k + 3 of this thread's column j + e, from a tile of B read four neighbours at a time.
template <typename G, typename T, typename Load4>
__device__ __forceinline__ void load_columns(float4 (&b)[4], const T* tile_b, int thread_col, int j, int k,
                                             const Load4& load) {
    if constexpr (G::B_IS_KN) {
        const T* from = tile_b + k * G::B_STRIDE + G::column(thread_col, j);
        const float4 k0 = load(from), k1 = load(from + G::B_STRIDE);
        const float4 k2 = load(from + 2 * G::B_STRIDE), k3 = load(from + 3 * G::B_STRIDE);
        b[0] = make_float4(k0.x, k1.x, k2.x, k3.x);
        b[1] = make_float4(k0.y, k1.y, k2.y, k3.y);
        b[2] = make_float4(k0.z, k1.z, k2.z, k3.z);
        b[3] = make_float4(k0.w, k1.w, k2.w, k3.w);
    } else {
#pragma unroll
        for (int e = 0; e < 4; ++e) b[e] = load(tile_b + G::column(thread_col, j + e) * G::B_STRIDE + k);
    }
}

/// Element `i` of a vector; `i` is known when the loop is unrolled.
__device__ __forceinline__ float component(float4 vector, int i) {
    return i == 0 ? vector.x : i == 1 ? vector.y : i == 2 ? vector.z : vector.w;
}

/// 16 bytes of a row, whole or by elements.
template <typename T>
union Piece {
    uint4 whole;
    T element[16 / sizeof(T)];
};

}  // namespace stele::gemm
