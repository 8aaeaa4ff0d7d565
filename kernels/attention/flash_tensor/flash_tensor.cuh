// What flash_tensor's CUDA siblings share: which rows a block has, what they see, and how tiles are copied.
#pragma once

#include <cstdint>

#include "kernels/attention/flash_tensor/flash_tensor.hpp"
#include "kernels/attention/nonfinite.cuh"
#include "kernels/attention/sequence.cuh"
#include "kernels/common/half.cuh"

namespace stele::attention {

template <TensorTile tile>
inline constexpr int flash_tensor_threads = tile.threads();

/// The query heads that share a key-value head, packed into one matrix: row = query · group + head.
struct PackedRows {
    int heads, kv_heads, seq_q, seq_k, group, causal, window;

    __device__ __forceinline__ int count() const { return group * seq_q; }
    /// Of [batch · heads · seq_q]; −1: there is no such row.
    __device__ __forceinline__ int row(int packed, int kv_head, int sequence) const {
        if (packed >= count()) return -1;
        return (sequence * heads + kv_head * group + packed % group) * seq_q + packed / group;
    }
    /// Where the keys end that a row sees, ascending with it; beyond the last row as for that one.
    __device__ __forceinline__ int seen(int packed) const {
        const int query = (packed < count() ? packed : count() - 1) / group, keys = query + 1 + seq_k - seq_q;
        return !causal ? seq_k : keys < 0 ? 0 : keys < seq_k ? keys : seq_k;
    }
    /// The first of them.
    __device__ __forceinline__ int first_seen(int packed) const { return max(seen(packed) - window, 0); }
};

/// The tile in numbers. Rows of Q, K and V have PIECES 16-byte pieces.
template <typename T, TensorTile tile, int head_dim>
struct FlashTensor {
    static constexpr int BLOCK_M = tile.block_m, BLOCK_N = tile.block_n, WARP_M = tile.warp_m, HEAD_DIM = head_dim;
    static constexpr int NUM_THREADS = flash_tensor_threads<tile>, PIECES = HEAD_DIM / 8;
    static constexpr int TILES_M = WARP_M / 16, STEPS_D = HEAD_DIM / 16, STEPS_N = BLOCK_N / 16;

    /// tile[n] = rows[key_begin + n] of one head's K or V, zeros from key_end on, so that no weight of 0 meets a NaN.
    template <typename Place, typename CopyPiece>
    static __device__ __forceinline__ void load_keys(unsigned char* to, const T* rows, int key_begin, int key_end,
                                                     int thread, Place&& place, CopyPiece&& copy_piece) {
#pragma unroll 2
        for (int i = thread; i < BLOCK_N * PIECES; i += NUM_THREADS) {
            const int n = i / PIECES, piece = i % PIECES;
            const bool inside = key_begin + n < key_end;
            const T* from = rows + static_cast<std::size_t>(inside ? key_begin + n : 0) * HEAD_DIM + piece * 8;
            copy_piece(to + place(n, piece), from, inside);
        }
    }

    /// tile_q[r] = Q[row of first + r], zeros where there is none.
    template <typename Place, typename CopyPiece>
    static __device__ __forceinline__ void load_queries(unsigned char* to, const T* Q, const PackedRows& rows,
                                                        int first, int kv_head, int sequence, int thread, Place&& place,
                                                        CopyPiece&& copy_piece) {
#pragma unroll
        for (int i = thread; i < BLOCK_M * PIECES; i += NUM_THREADS) {
            const int r = i / PIECES, piece = i % PIECES, row = rows.row(first + r, kv_head, sequence);
            copy_piece(to + place(r, piece), Q + static_cast<std::size_t>(row < 0 ? 0 : row) * HEAD_DIM + piece * 8,
                       row >= 0);
        }
    }
};

/// Calls f.template operator()<T, head_dim>("f16 d64") for the types that the matrix unit takes; the text is
/// instance_of()'s.
template <typename F>
void for_each_tensor_instance(F&& f) {
    f.template operator()<half, 64>("f16 d64");
    f.template operator()<half, 128>("f16 d128");
    f.template operator()<bf16, 64>("bf16 d64");
    f.template operator()<bf16, 128>("bf16 d128");
    f.template operator()<half, 256>("f16 d256");
    f.template operator()<bf16, 256>("bf16 d256");
}

}  // namespace stele::attention
