// What half.cu and half.ptx.cu share: the tile in numbers, who owns what of it, and how tiles travel through registers.
#pragma once

#include <algorithm>

#include "kernels/gemm/block_order.cuh"
#include "kernels/gemm/half/half.hpp"
#include "kernels/gemm/instances.cuh"
#include "kernels/gemm/pieces.cuh"

namespace stele::gemm {

template <HalfTile tile>
inline constexpr int half_threads = tile.threads();
/// That a multiprocessor's 65536 registers are to hold: a thread has its sums, in f32 and two in a register in f16, the
/// numbers of two k, and about 40 more for pieces on their way and addresses.
template <HalfTile tile>
inline constexpr int half_blocks = std::max(
    1, 65536 / (tile.threads() * (tile.thread_m * tile.thread_n * 3 / 2 + 2 * tile.thread_m + tile.thread_n + 40)));

/// A's part: words of two k, in shared memory a row of words a pair of k, transposed. A warp places 16 rows of two
/// pieces of eight at one time, which fall into 32 banks.
template <HalfTile tile>
struct HalfPartA {
    static constexpr bool k_contiguous = true;
    static constexpr int vector = 8, step = tile.block_k, PIECES = tile.block_m * tile.block_k / 8 / tile.threads();
    static constexpr int STRIDE = tile.block_m + 4, WORDS = tile.block_k / 2 * STRIDE;
    static constexpr int WIDTH = tile.threads() / 2, TIMES = tile.block_m / WIDTH;
    static __device__ constexpr int x(int thread) { return thread / 2; }
    static __device__ constexpr int k(int thread) { return thread % 2 * 8; }
    static __device__ constexpr int X(int i) { return i % TIMES * WIDTH; }
    static __device__ constexpr int K(int i) { return i / TIMES * 16; }

    static __device__ __forceinline__ void place(std::uint32_t* tile_a, const uint4 (&pieces)[PIECES], int thread) {
#pragma unroll
        for (int i = 0; i < PIECES; ++i) {
            std::uint32_t* to = tile_a + (k(thread) + K(i)) / 2 * STRIDE + x(thread) + X(i);
            to[0] = pieces[i].x, to[STRIDE] = pieces[i].y, to[2 * STRIDE] = pieces[i].z, to[3 * STRIDE] = pieces[i].w;
        }
    }
};

/// B's part: words of two columns, in shared memory a row of words a k. Of [K,N] these are pieces as they lie in
/// memory.
template <HalfTile tile, LayoutB layout>
struct HalfPartB {
    static constexpr bool k_contiguous = false;
    static constexpr int vector = 8, step = tile.block_k, PIECES = tile.block_n * tile.block_k / 8 / tile.threads();
    static constexpr int STRIDE = tile.block_n / 2 + 4, WORDS = tile.block_k * STRIDE, ROW = tile.block_n / 8;
    static __device__ constexpr int x(int thread) { return thread % ROW * 8; }
    static __device__ constexpr int k(int thread) { return thread / ROW; }
    static __device__ constexpr int X(int) { return 0; }
    static __device__ constexpr int K(int i) { return i * (half_threads<tile> / ROW); }

    static __device__ __forceinline__ void place(std::uint32_t* tile_b, const uint4 (&pieces)[PIECES], int thread) {
#pragma unroll
        for (int i = 0; i < PIECES; ++i)
            *reinterpret_cast<uint4*>(tile_b + (k(thread) + K(i)) * STRIDE + x(thread) / 2) = pieces[i];
    }
};

/// Of [N,K] a thread takes eight k of two columns, and makes words of these of each k; a warp does so for 32 pairs of
/// columns, which fall into 32 banks.
template <HalfTile tile>
struct HalfPartB<tile, LayoutB::nk> {
    static constexpr bool k_contiguous = true;
    static constexpr int vector = 8, step = tile.block_k, PIECES = tile.block_n * tile.block_k / 8 / tile.threads();
    static constexpr int STRIDE = tile.block_n / 2 + 4, WORDS = tile.block_k * STRIDE, PAIRS = tile.block_n / 2;
    static __device__ constexpr int x(int thread) { return thread % PAIRS * 2; }
    static __device__ constexpr int k(int thread) { return thread / PAIRS * 8; }
    static __device__ constexpr int X(int i) { return i % 2; }
    static __device__ constexpr int K(int i) { return i / 2 * (half_threads<tile> / PAIRS * 8); }

    static __device__ __forceinline__ void place(std::uint32_t* tile_b, const uint4 (&pieces)[PIECES], int thread) {
#pragma unroll
        for (int i = 0; i < PIECES; i += 2) {
            __half2 left[4], right[4];
            memcpy(left, &pieces[i], 16);
            memcpy(right, &pieces[i + 1], 16);
            std::uint32_t* to = tile_b + (k(thread) + K(i)) * STRIDE + x(thread) / 2;
#pragma unroll
            for (int e = 0; e < 4; ++e) {
                const __half2 even = __halves2half2(__low2half(left[e]), __low2half(right[e]));
                const __half2 odd = __halves2half2(__high2half(left[e]), __high2half(right[e]));
                to[2 * e * STRIDE] = same_bits<std::uint32_t>(even);
                to[(2 * e + 1) * STRIDE] = same_bits<std::uint32_t>(odd);
            }
        }
    }
};

template <HalfTile tile, LayoutB layout>
struct Half {
    static constexpr int BLOCK_M = tile.block_m, BLOCK_N = tile.block_n, BLOCK_K = tile.block_k;
    static constexpr int THREAD_M = tile.thread_m, THREAD_N = tile.thread_n;
    static constexpr int LANES_M = HalfTile::lanes_m, LANES_N = HalfTile::lanes_n;
    static constexpr int WARP_M = LANES_M * THREAD_M, WARP_N = LANES_N * THREAD_N, WARPS_N = BLOCK_N / WARP_N;
    static constexpr int PROMOTE_EVERY = HalfTile::promote_every, STEPS = PROMOTE_EVERY / BLOCK_K;
    static constexpr int STAGES = 2;
    using PartA = HalfPartA<tile>;
    using PartB = HalfPartB<tile, layout>;

    /// Where a thread's row i and column j are, behind its first: rows in fours and columns in eights, a warp's side by
    /// side.
    static __device__ constexpr int row(int i) { return i / 4 * 4 * LANES_M + i % 4; }
    static __device__ constexpr int col(int j) { return j / 8 * 8 * LANES_N + j % 8; }
};

/// Eight numbers from four words of shared memory.
__device__ __forceinline__ void read_words(__half2* to, const std::uint32_t* from) {
    const uint4 words = *reinterpret_cast<const uint4*>(from);
    memcpy(to, &words, 16);
}

/// Calls f.template operator()<layout>("f16 kn") for each layout of B.
template <typename F>
void for_each_half_instance(F&& f) {
    f.template operator()<LayoutB::kn>(std::string("f16 ") + name(LayoutB::kn));
    f.template operator()<LayoutB::nk>(std::string("f16 ") + name(LayoutB::nk));
}

}  // namespace stele::gemm
