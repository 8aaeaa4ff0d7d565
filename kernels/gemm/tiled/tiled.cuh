// What tiled.cu and tiled.ptx.cu share: the tile in numbers, who owns what of it, and how tiles travel through
// registers.
#pragma once

#include <algorithm>

#include "kernels/gemm/block_order.cuh"
#include "kernels/gemm/instances.cuh"
#include "kernels/gemm/pieces.cuh"
#include "kernels/gemm/tiled/tiled.hpp"

namespace stele::gemm {

template <TiledTile tile>
inline constexpr int tiled_threads = tile.threads();
/// That a multiprocessor's 65536 registers are to hold: a thread has its sums, the numbers of two k, and about 72 more
/// for pieces on their way and addresses.
template <TiledTile tile>
inline constexpr int tiled_blocks =
    std::max(1, 65536 / (tile.threads() * (tile.thread_m * tile.thread_n + 2 * (tile.thread_m + tile.thread_n) + 72)));

/// BLOCK_X × BLOCK_K of A (x is m) or B (x is n), which a block copies in pieces of VECTOR neighbours in memory: along
/// x, or along k, then eight of each of several x by a warp. A thread's piece i is at (x + X(i), k + K(i)) for its own
/// x and k. In shared memory k is the row, padded by four, so that what a warp places at one time falls into 32 banks.
template <int BLOCK_X, int BLOCK_K, bool K_CONTIGUOUS, int VECTOR, int NUM_THREADS>
struct TilePart {
    static constexpr bool k_contiguous = K_CONTIGUOUS;
    static constexpr int vector = VECTOR, PIECES = BLOCK_X * BLOCK_K / VECTOR / NUM_THREADS;
    static constexpr int STRIDE = BLOCK_X + 4, NUMBERS = BLOCK_K * STRIDE;
    static constexpr int step = BLOCK_K;

    /// What all threads copy at one time is DEPTH long in k, WIDTH in x.
    static constexpr int ROW = (K_CONTIGUOUS ? 8 : BLOCK_X) / VECTOR;
    static constexpr int WIDTH = K_CONTIGUOUS ? NUM_THREADS / ROW : BLOCK_X;
    static constexpr int DEPTH = K_CONTIGUOUS ? 8 : NUM_THREADS / ROW;
    static __device__ constexpr int x(int thread) { return K_CONTIGUOUS ? thread / ROW : thread % ROW * VECTOR; }
    static __device__ constexpr int k(int thread) { return K_CONTIGUOUS ? thread % ROW * VECTOR : thread / ROW; }
    static __device__ constexpr int X(int i) { return i % (BLOCK_X / WIDTH) * WIDTH; }
    static __device__ constexpr int K(int i) { return i / (BLOCK_X / WIDTH) * DEPTH; }
};

/// VECTOR_ALONG_K: what TilePart's is where k is contiguous; four elsewhere.
template <TiledTile tile, LayoutB layout, int VECTOR_ALONG_K = 4>
struct Tiled {
    static constexpr int BLOCK_M = tile.block_m, BLOCK_N = tile.block_n, BLOCK_K = tile.block_k;
    static constexpr int THREAD_M = tile.thread_m, THREAD_N = tile.thread_n;
    static constexpr int LANES_M = TiledTile::lanes_m, LANES_N = TiledTile::lanes_n;
    static constexpr int WARP_M = LANES_M * THREAD_M, WARP_N = LANES_N * THREAD_N, WARPS_N = BLOCK_N / WARP_N;
    static constexpr int NUM_THREADS = tiled_threads<tile>;
    static constexpr int STAGES = 2;
    using PartA = TilePart<BLOCK_M, BLOCK_K, true, VECTOR_ALONG_K, NUM_THREADS>;
    using PartB =
        TilePart<BLOCK_N, BLOCK_K, layout == LayoutB::nk, layout == LayoutB::nk ? VECTOR_ALONG_K : 4, NUM_THREADS>;

    /// Where a thread's row i and column j are, behind its first: in fours, a warp's fours side by side.
    static __device__ constexpr int row(int i) { return i / 4 * 4 * LANES_M + i % 4; }
    static __device__ constexpr int col(int j) { return j / 4 * 4 * LANES_N + j % 4; }
};

/// Puts fetched pieces into their places of the shared tile, as f32.
template <typename Part, typename T>
__device__ __forceinline__ void place_pieces(float* tile, const Raw4<T> (&pieces)[Part::PIECES], int thread) {
    float* first = tile + Part::k(thread) * Part::STRIDE + Part::x(thread);
#pragma unroll
    for (int i = 0; i < Part::PIECES; ++i) {
        float* to = first + Part::K(i) * Part::STRIDE + Part::X(i);
        const float4 four = unpack<T>(pieces[i]);
        if constexpr (Part::k_contiguous)
            to[0] = four.x, to[Part::STRIDE] = four.y, to[2 * Part::STRIDE] = four.z, to[3 * Part::STRIDE] = four.w;
        else
            store4(to, four);
    }
}

}  // namespace stele::gemm
