// What latent_tensor's CUDA siblings share: the tile in numbers, and what a block has behind the tiles.
#pragma once

#include "kernels/attention/latent_rows.cuh"
#include "kernels/attention/latent_tensor/latent_tensor.hpp"

namespace stele::attention {

template <typename T, LatentTensorTile tile>
struct LatentTensor : LatentRows<T, tile.threads()> {
    using LatentRows<T, tile.threads()>::HEAD_DIM;
    static constexpr int BLOCK_M = tile.block_m, BLOCK_N = tile.block_n, WARPS = tile.warps, STAGES = tile.stages;
    static constexpr int NUM_THREADS = tile.threads(), VALUE_DIM = latent_value_dim;
    static constexpr int TILES_M = BLOCK_M / 16, WARP_COLUMNS = tile.warp_columns(), WARP_PIECES = WARP_COLUMNS / 8;
    static constexpr int WEIGHT_STRIDE = tile.weight_stride();

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
};

}  // namespace stele::attention
