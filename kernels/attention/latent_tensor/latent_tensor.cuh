// What latent_tensor's CUDA siblings share: the tile in numbers, how tiles are copied, and what a block has behind
// them.
#pragma once

#include <cstdint>

#include "kernels/attention/latent_tensor/latent_tensor.hpp"
#include "kernels/attention/sequence.cuh"
#include "kernels/common/half.cuh"

namespace stele::attention {

template <typename T, LatentTensorTile tile>
struct LatentTensor {
    static constexpr int BLOCK_M = tile.block_m, BLOCK_N = tile.block_n, WARPS = tile.warps, STAGES = tile.stages;
    static constexpr int NUM_THREADS = tile.threads(), HEAD_DIM = latent_head_dim, VALUE_DIM = latent_value_dim;
    static constexpr int TILES_M = BLOCK_M / 16, WARP_COLUMNS = tile.warp_columns(), WARP_PIECES = WARP_COLUMNS / 8;
    static constexpr int WEIGHT_STRIDE = tile.weight_stride();
    /// Threads that copy a row: of its nine lines of 128 bytes each has a 16-byte piece, so that a warp copies whole
    /// lines, and a thread asks for the row's page once in nine copies.
    static constexpr int COPIERS = 8, LINES = HEAD_DIM / 8 / COPIERS;
    static_assert(LINES * COPIERS * 8 == HEAD_DIM);

    /// What lies behind the tiles.
    struct Rows {
        T* weights;      ///< [BLOCK_M][WEIGHT_STRIDE]
        float* rescale;  ///< [BLOCK_M], the factor for what was summed before
        int* query_row;  ///< [BLOCK_M], row in [batch · heads · seq_q] or −1
        int* visible;    ///< [BLOCK_M], where the keys end that the row sees
        float* scores;   ///< PTX: [KEY_GROUPS][BLOCK_M], maxima, then sums; wmma: [BLOCK_M][SCORE_STRIDE]
    };
    static __device__ __forceinline__ Rows place_rows(unsigned char* behind) {
        Rows rows;
        rows.weights = reinterpret_cast<T*>(behind);
        rows.rescale = reinterpret_cast<float*>(rows.weights + BLOCK_M * WEIGHT_STRIDE);
        rows.query_row = reinterpret_cast<int*>(rows.rescale + BLOCK_M);
        rows.visible = rows.query_row + BLOCK_M;
        rows.scores = reinterpret_cast<float*>(rows.visible + BLOCK_M);
        return rows;
    }

    /// tile[n] = rows of `from` that row_of(n) says, zeros where it says −1. place(row, piece) is where 16 bytes lie.
    template <int rows, typename RowOf, typename Place, typename CopyPiece>
    static __device__ __forceinline__ void copy_rows(unsigned char* to, const T* from, int thread, RowOf&& row_of,
                                                     Place&& place, CopyPiece&& copy_piece) {
#pragma unroll 1
        for (int n = thread / COPIERS; n < rows; n += NUM_THREADS / COPIERS) {
            const std::int64_t row = row_of(n);
            const T* piece = from + (row < 0 ? 0 : row) * HEAD_DIM + thread % COPIERS * 8;
#pragma unroll
            for (int line = 0; line < LINES; ++line)
                copy_piece(to + place(n, line * COPIERS + thread % COPIERS), piece + line * COPIERS * 8, row >= 0);
        }
    }
    /// Keys key_begin …, zeros from key_end on, so that no weight of 0 meets a NaN.
    template <typename Place, typename CopyPiece>
    static __device__ __forceinline__ void copy_keys(unsigned char* to, const T* K, const KeyRows& key_rows,
                                                     int key_begin, int key_end, int thread, Place&& place,
                                                     CopyPiece&& copy_piece) {
        const auto row_of = [&](int n) {
            return key_begin + n < key_end ? static_cast<std::int64_t>(key_rows(key_begin + n)) : -1;
        };
        copy_rows<BLOCK_N>(to, K, thread, row_of, place, copy_piece);
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
