// How accumulators become C: straight from registers, or through shared memory by TMA.
//
// Accumulator i of lane l in a warpgroup's warp w is row 16 w + l / 4 + 8 (i / 2 % 2), column 8 (i / 4) + 2 (l % 4) +
// i % 2 of its 64 rows.
#pragma once

#include "kernels/common/ptx/barrier.cuh"
#include "kernels/common/ptx/bulk.cuh"
#include "kernels/common/ptx/fence.cuh"
#include "kernels/common/ptx/ldmatrix.cuh"
#include "kernels/common/ptx_element.cuh"
#include "kernels/gemm/hopper/load.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

/// What accumulators are multiplied with; null pointers stand for 1.
__device__ __forceinline__ float product_of_scales(const float* scale_a, const float* scale_b) {
    if (scale_a == nullptr) return 1.0f;
    return __uint_as_float(ld_global_nc_b32(scale_a)) * __uint_as_float(ld_global_nc_b32(scale_b));
}

/// Two neighbouring elements of a row of C, rounded.
template <typename T>
__device__ __forceinline__ std::uint32_t pack2(float low, float high);
template <>
__device__ __forceinline__ std::uint32_t pack2<half>(float low, float high) {
    return cvt_rn_f16x2_f32(high, low);
}
template <>
__device__ __forceinline__ std::uint32_t pack2<bf16>(float low, float high) {
    return cvt_rn_bf16x2_f32(high, low);
}

template <typename T>
__device__ __forceinline__ void store_pair(T* to, float low, float high) {
    st_global_cs_b32(to, pack2<T>(low, high));
}
template <>
__device__ __forceinline__ void store_pair<float>(float* to, float low, float high) {
    st_global_cs_v2_b32(to, make_uint2(__float_as_uint(low), __float_as_uint(high)));
}

/// 64 rows of C from `row`, by plain stores: those before row_end, columns before N. `c` is C's matrix. Pairs are
/// stored together where a row's pitch allows it.
template <int ACCUMULATORS, typename T, typename Accumulator>
__device__ __forceinline__ void store_from_registers(const Accumulator (&acc)[ACCUMULATORS], T* c, int row, int row_end,
                                                     int col, int N, float scale, int thread) {
    const bool pairs = N % 2 == 0;
    const int own_row = row + thread / 32 * 16 + thread % 32 / 4, own_col = col + thread % 4 * 2;
#pragma unroll
    for (int below = 0; below < 2; ++below) {
        if (own_row + below * 8 >= row_end) continue;
        T* to = c + static_cast<long long>(own_row + below * 8) * N + own_col;
#pragma unroll
        for (int i = 0; i < ACCUMULATORS / 4; ++i) {
            const float low = scale * static_cast<float>(acc[i * 4 + below * 2]);
            const float high = scale * static_cast<float>(acc[i * 4 + below * 2 + 1]);
            if (pairs) {
                if (own_col + i * 8 < N) store_pair(to + i * 8, low, high);
            } else {
                if (own_col + i * 8 < N) store_element(to + i * 8, low);
                if (own_col + i * 8 + 1 < N) store_element(to + i * 8 + 1, high);
            }
        }
    }
}

/// Columns of C in a slot of 128 bytes a row.
template <typename T>
inline constexpr int slot_columns = 128 / static_cast<int>(sizeof(T));

/// Columns [first, first + slot_columns) of this warpgroup's 64 rows into a slot, swizzled as its tensor map has it.
template <typename T, int ACCUMULATORS, typename Accumulator>
__device__ __forceinline__ void fill_slot(unsigned char* slot, const Accumulator (&acc)[ACCUMULATORS], int first,
                                          float scale, int thread) {
    const int warp_row = thread / 32 * 16, lane = thread % 32;
    if constexpr (sizeof(T) == 2) {
        // Matrices of a stmatrix: rows 0 and 8 of 8 columns, then of the next 8. Lane l gives row l % 8 of matrix l
        // / 8.
        const int row = warp_row + lane % 16, piece = lane / 16;
        unsigned char* row_begin = slot + row * 128;
#pragma unroll
        for (int i = 0; i < slot_columns<T> / 16; ++i) {
            const int at = first / 2 + i * 8;
            std::uint32_t matrix[4];
#pragma unroll
            for (int e = 0; e < 4; ++e)
                matrix[e] = pack2<T>(scale * static_cast<float>(acc[at + e * 2]),
                                     scale * static_cast<float>(acc[at + e * 2 + 1]));
            stmatrix_x4(row_begin + ((i * 2 + piece) ^ (row % 8)) * 16, matrix);
        }
    } else {
        // 8 columns are two pieces of 16 bytes; a lane has 8 bytes of one of them.
#pragma unroll
        for (int i = 0; i < slot_columns<T> / 8; ++i)
#pragma unroll
            for (int below = 0; below < 2; ++below) {
                const int at = first / 2 + i * 4 + below * 2, row = warp_row + lane / 4 + below * 8;
                const int piece = (i * 2 + lane % 4 / 2) ^ (row % 8);
                st_shared_v2_b32(slot + row * 128 + piece * 16 + lane % 2 * 8,
                                 make_uint2(__float_as_uint(scale * static_cast<float>(acc[at])),
                                            __float_as_uint(scale * static_cast<float>(acc[at + 1]))));
            }
    }
}

/// 64 rows of C through this warpgroup's slots, by TMA. Returns while the last stores are under way: they read the
/// slots while the next tile is multiplied. `barrier` is a named barrier of this warpgroup alone; the thread that
/// stores is its first. bulk_wait_group_read<0> by that thread must come before the kernel ends.
template <typename T, int SLOTS, int ACCUMULATORS, typename Accumulator>
__device__ __forceinline__ void store_by_tma(unsigned char* slots, const Accumulator (&acc)[ACCUMULATORS],
                                             const TensorMap& map_c, const TilePlace& place, int row, float scale,
                                             std::uint32_t barrier, int thread, int N) {
    constexpr int CHUNKS = ACCUMULATORS * 2 / slot_columns<T>;
#pragma unroll
    for (int chunk = 0; chunk < CHUNKS; ++chunk) {
        unsigned char* slot = slots + chunk % SLOTS * gemm::hopper_slot_bytes;
        // The store that was in this slot has read it.
        if (thread == 0) bulk_wait_group_read<SLOTS - 1>();
        barrier_sync(barrier, 128);
        fill_slot<T>(slot, acc, chunk * slot_columns<T>, scale, thread);
        fence_proxy_async_shared();
        barrier_sync(barrier, 128);
        if (thread == 0) {
            const int col = place.col + chunk * slot_columns<T>;
            if (col < N) tma_store_3d(map_c, slot, col, row, place.matrix_a);
            bulk_commit_group();
        }
    }
}

}  // namespace stele::gemm::ptx
