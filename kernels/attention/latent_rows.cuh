// How rows of latent attention come into shared memory: 576 columns of 16 bits, keys in one piece or in pages.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/attention/sequence.cuh"
#include "kernels/attention/tile.hpp"
#include "kernels/common/half.cuh"
#include "kernels/common/native.cuh"

namespace stele::attention {

/// Copies by THREADS threads, `thread` of which calls.
template <typename T, int THREADS>
struct LatentRows {
    static constexpr int HEAD_DIM = latent_head_dim;
    /// Threads that copy a row: of its nine lines of 128 bytes each has a 16-byte piece, so that a warp copies whole
    /// lines, and a thread asks for the row's page once in nine copies.
    static constexpr int COPIERS = 8, LINES = HEAD_DIM / 8 / COPIERS;
    static_assert(LINES * COPIERS * 8 == HEAD_DIM && THREADS % COPIERS == 0);

    /// Lines first_line to first_line + lines of tile[n] = rows of `from` that row_of(n) says, zeros where it says −1,
    /// of `unroll` rows at a time. place(row, piece) is where 16 bytes lie.
    template <int rows, int first_line = 0, int lines = LINES, int unroll = 1, typename RowOf, typename Place,
              typename CopyPiece>
    static __device__ __forceinline__ void copy_rows(unsigned char* to, const T* from, int thread, RowOf&& row_of,
                                                     Place&& place, CopyPiece&& copy_piece) {
#pragma unroll unroll
        for (int n = thread / COPIERS; n < rows; n += THREADS / COPIERS) {
            const std::int64_t row = row_of(n);
            const T* piece = from + (row < 0 ? 0 : row) * HEAD_DIM + thread % COPIERS * 8;
#pragma unroll
            for (int line = first_line; line < first_line + lines; ++line)
                copy_piece(to + place(n, line * COPIERS + thread % COPIERS), piece + line * COPIERS * 8, row >= 0);
        }
    }
    /// `keys` keys from key_begin on, zeros from key_end on, so that no weight of 0 meets a NaN.
    template <int keys, typename Place, typename CopyPiece>
    static __device__ __forceinline__ void copy_keys(unsigned char* to, const T* K, const KeyRows& key_rows,
                                                     int key_begin, int key_end, int thread, Place&& place,
                                                     CopyPiece&& copy_piece) {
        const auto row_of = [&](int n) {
            return key_begin + n < key_end ? static_cast<std::int64_t>(key_rows(key_begin + n)) : -1;
        };
        copy_rows<keys>(to, K, thread, row_of, place, copy_piece);
    }
};

/// Calls f.template operator()<T>("f16 d576") for the types that the matrix unit takes; the text is instance_of()'s.
template <typename F>
void for_each_latent_instance(F&& f) {
    const std::string head_dim = " d" + std::to_string(latent_head_dim);
    f.template operator()<half>(dtype_name<half> + head_dim);
    f.template operator()<bf16>(dtype_name<bf16> + head_dim);
}

}  // namespace stele::attention
