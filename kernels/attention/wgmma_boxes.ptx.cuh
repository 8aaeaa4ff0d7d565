// Tiles of 16-bit rows as wgmma reads them: boxes of 64 columns, box behind box, whose rows of 128 bytes are swizzled.
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/attention/nonfinite.cuh"
#include "kernels/common/ptx/memory.cuh"
#include "kernels/common/ptx/wgmma_f32.cuh"

namespace stele::attention::ptx {

using namespace stele::ptx;

template <typename T>
inline constexpr Element element_of = std::is_same_v<T, half> ? Element::f16 : Element::bf16;

/// Of a box: columns, bytes of a row, and from eight rows to the next eight.
inline constexpr int box_columns = 64, box_row = 128, box_rows_stride = 8 * box_row;

/// Where a 16-byte piece lies in a tile of `rows` rows.
template <int rows>
__device__ __forceinline__ int place_in_boxes(int row, int piece) {
    return piece / 8 * rows * box_row + row * box_row + (piece % 8 ^ row % 8) * 16;
}

/// Issues scores = tile_q tile_kᵀ, of 64 rows and `keys` keys; of columns that begin with a later box, scores +=.
template <typename T, int head_dim, int keys, int first_box = 0, int boxes = head_dim / box_columns>
__device__ __forceinline__ void score_boxes(float (&scores)[keys / 2], const unsigned char* tile_q,
                                            const unsigned char* tile_k) {
    const std::uint64_t q = wgmma_descriptor(tile_q, 16, box_rows_stride, Swizzle::bytes_128);
    const std::uint64_t k = wgmma_descriptor(tile_k, 16, box_rows_stride, Swizzle::bytes_128);
    wgmma_fence();
#pragma unroll
    for (int step = first_box * 4; step < (first_box + boxes) * 4; ++step) {
        const int in_box = step % 4 * 32;
        wgmma<element_of<T>>(scores, wgmma_advance(q, step / 4 * 64 * box_row + in_box),
                             wgmma_advance(k, step / 4 * keys * box_row + in_box), step > 0);
    }
    wgmma_commit_group();
}

/// Zeros in the place of values that are infinite or no number, by one of `threads` threads, in `pieces` 16-byte pieces
/// of each row of tile_v.
template <typename T, int rows, int pieces, typename Place>
__device__ __forceinline__ void drop_nonfinite(unsigned char* tile_v, int thread, int threads, Place&& place) {
    for (int i = thread; i < rows * pieces; i += threads) {
        unsigned char* at = tile_v + place(i / pieces, i % pieces);
        st_shared_v4_b32(at, finite_of<T>(ld_shared_v4_b32(at)));
    }
}

}  // namespace stele::attention::ptx
