// What a warp has of O in fragments of nvcuda::wmma, which do not tell what row an element is of: that is read once, by
// loading a matrix of row and column numbers.
#pragma once

#include <mma.h>

#include "kernels/attention/nonfinite.cuh"
#include "kernels/attention/sequence.cuh"
#include "kernels/common/half.cuh"

namespace stele::attention::cuda {

namespace wmma = nvcuda::wmma;

using FragmentC = wmma::fragment<wmma::accumulator, 16, 16, 16, float>;

/// Sums over `keys` keys at a time of `columns` columns of TILES_M · 16 rows. Rows of tiles of V are `stride` elements
/// apart.
template <typename T, int TILES_M, int keys, int columns, int stride>
struct FragmentSums {
    static constexpr int TILES_N = columns / 16, PIECES = columns / 8;

    using FragmentA = wmma::fragment<wmma::matrix_a, 16, 16, 16, T, wmma::row_major>;
    using FragmentV = wmma::fragment<wmma::matrix_b, 16, 16, 16, T, wmma::row_major>;

    FragmentC acc[TILES_M][TILES_N];
    /// Of an accumulator's elements.
    int row_of[FragmentC::num_elements], col_of[FragmentC::num_elements];

    __device__ __forceinline__ void clear() {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int j = 0; j < TILES_N; ++j) wmma::fill_fragment(acc[i][j], 0.0f);
    }

    /// What rows and columns a fragment's elements are of: 16 row + col, loaded as a matrix that is written to
    /// `numbers`, rows of number_stride.
    __device__ __forceinline__ void find_elements(float* numbers, int number_stride, int lane) {
        for (int i = lane; i < 256; i += 32) numbers[i / 16 * number_stride + i % 16] = static_cast<float>(i);
        __syncwarp();
        FragmentC found;
        wmma::load_matrix_sync(found, numbers, number_stride, wmma::mem_row_major);
#pragma unroll
        for (int e = 0; e < FragmentC::num_elements; ++e) {
            row_of[e] = static_cast<int>(found.x[e]) / 16;
            col_of[e] = static_cast<int>(found.x[e]) % 16;
        }
        __syncwarp();
    }

    /// acc = acc · rescale + weights · tile_v, of weights [TILES_M · 16][weight_stride]. SPOILT: what is infinite or no
    /// number counts as 0.
    template <bool SPOILT>
    __device__ __forceinline__ void weigh(const float* rescale, const T* weights, int weight_stride, const T* tile_v) {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int e = 0; e < FragmentC::num_elements; ++e) {
                const float before = rescale[i * 16 + row_of[e]];
#pragma unroll
                for (int j = 0; j < TILES_N; ++j) acc[i][j].x[e] *= before;
            }
#pragma unroll 1
        for (int step = 0; step < keys / 16; ++step) {
            FragmentA a[TILES_M];
#pragma unroll
            for (int i = 0; i < TILES_M; ++i)
                wmma::load_matrix_sync(a[i], weights + i * 16 * weight_stride + step * 16, weight_stride);
#pragma unroll
            for (int j = 0; j < TILES_N; ++j) {
                FragmentV b;
                wmma::load_matrix_sync(b, tile_v + step * 16 * stride + j * 16, stride);
                if constexpr (SPOILT) {
#pragma unroll
                    for (int e = 0; e < FragmentV::num_elements; ++e)
                        if (!isfinite(to_float(b.x[e]))) b.x[e] = from_float<T>(0.0f);
                }
#pragma unroll
                for (int i = 0; i < TILES_M; ++i) wmma::mma_sync(acc[i][j], a[i], b, acc[i][j]);
            }
        }
    }

    /// Whether a value that not all rows see is infinite or no number: all see keys `from` to `to`.
    static __device__ __forceinline__ bool is_spoilt(const T* tile_v, int from, int to, int lane) {
        bool spoilt = false;
        for (int i = lane; i < keys * PIECES; i += 32) {
            if (i / PIECES >= from && i / PIECES < to) continue;
            spoilt = spoilt ||
                     any_nonfinite<T>(*reinterpret_cast<const uint4*>(tile_v + i / PIECES * stride + i % PIECES * 8));
        }
        return __any_sync(0xffffffffu, spoilt);
    }

    /// Such values are left out of the products, as a weight of 0 makes NaN of them; a row that sees one gets it here:
    /// no positive weight changes it. seen_of(r) is where the keys end that row r sees.
    template <typename SeenOf>
    __device__ __forceinline__ void add_spoilt(const T* tile_v, int key_begin, int window, SeenOf&& seen_of) {
#pragma unroll 1
        for (int n = 0; n < keys; ++n)
#pragma unroll
            for (int j = 0; j < TILES_N; ++j)
#pragma unroll
                for (int e = 0; e < FragmentC::num_elements; ++e) {
                    const float value = to_float(tile_v[n * stride + j * 16 + col_of[e]]);
                    if (isfinite(value)) continue;
#pragma unroll
                    for (int i = 0; i < TILES_M; ++i)
                        if (is_seen(key_begin + n, seen_of(i * 16 + row_of[e]), window)) acc[i][j].x[e] += value;
                }
    }

    /// store(r, d, four) of four columns of each row, by way of `staging` [16][staging_stride].
    template <typename Store>
    __device__ __forceinline__ void for_each_four(float* staging, int staging_stride, int lane, Store&& store) {
#pragma unroll
        for (int j = 0; j < TILES_N; ++j)
#pragma unroll
            for (int i = 0; i < TILES_M; ++i) {
                wmma::store_matrix_sync(staging, acc[i][j], staging_stride, wmma::mem_row_major);
                __syncwarp();
                for (int k = lane; k < 64; k += 32)
                    store(i * 16 + k / 4, j * 16 + k % 4 * 4, load4(staging + k / 4 * staging_stride + k % 4 * 4));
                __syncwarp();
            }
    }
};

}  // namespace stele::attention::cuda
