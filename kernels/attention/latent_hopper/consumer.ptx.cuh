// What a consumer of latent_hopper does with its tiles: of some it makes scores and weights, and of all it adds the
// values of its own half of O's columns.
#pragma once

#include "kernels/attention/latent_hopper/latent_hopper.hpp"
#include "kernels/attention/matrix_sums.ptx.cuh"
#include "kernels/attention/wgmma_boxes.ptx.cuh"
#include "kernels/common/ptx/fence.cuh"

namespace stele::attention::ptx {

using namespace stele::ptx;

template <typename T, LatentHopperTile tile>
struct LatentConsumer : MatrixScores<1, tile.block_n>,
                        MatrixSums<T, 1, tile.block_n, latent_value_dim / LatentHopperTile::consumers> {
    static constexpr int BLOCK_M = tile.block_m, BLOCK_N = tile.block_n, STAGES = tile.stages,
                         CONSUMERS = tile.consumers, NUM_THREADS = CONSUMERS * 128;
    static constexpr int HEAD_DIM = latent_head_dim, VALUE_DIM = latent_value_dim, COLUMNS = VALUE_DIM / CONSUMERS,
                         PIECES = COLUMNS / 8;
    static_assert(BLOCK_M == 64 && BLOCK_N == box_columns, "weights are one box, of the rows of one wgmma");
    using Scores = MatrixScores<1, BLOCK_N>;
    using Sums = MatrixSums<T, 1, BLOCK_N, COLUMNS>;
    using Scores::scores, Scores::seen, Scores::row_max, Scores::row_sum, Sums::acc;

    static constexpr int QUERY_BYTES = BLOCK_M * HEAD_DIM * 2, KEY_BYTES = BLOCK_N * HEAD_DIM * 2;
    static constexpr int KEY_BOX = BLOCK_N * box_row;
    /// A tile's last box: columns that scores alone read, and then their weights.
    static constexpr int WEIGHTS = VALUE_DIM / box_columns * KEY_BOX;
    /// Boxes of a consumer's columns, and of all; where they begin in a tile of keys and in that of Q.
    static constexpr int BOXES = COLUMNS / box_columns, ALL_BOXES = HEAD_DIM / box_columns, OWN_BOXES = BOXES * KEY_BOX;
    static constexpr int PARTS = 2;
    static constexpr int PRODUCER_REGISTERS = 72, CONSUMER_REGISTERS = 216;

    static __device__ __forceinline__ int place(int row, int piece) { return place_in_boxes<BLOCK_N>(row, piece); }

    __device__ __forceinline__ void clear() {
        Scores::clear();
        Sums::clear();
    }

    /// What the one that makes a step's weights leaves of each row for the other: the factor for what was summed
    /// before, and the new maximum.
    struct Told {
        float rescale[BLOCK_M], row_max[BLOCK_M];
    };

    /// Of the scores: weights in 16 bits to where both consumers' products read them, and what the other is told. A
    /// lane has rows `row` and `row` + 8.
    __device__ __forceinline__ void make_weights(float (&rescale)[1][2], Told& told, unsigned char* weights, int row,
                                                 int lane) {
        Scores::softmax(rescale);
#pragma unroll
        for (int h = 0; h < 2; ++h) {
#pragma unroll
            for (int j = 0; j < BLOCK_N / 8; ++j)
                st_shared_b32(weights + place(row + h * 8, j) + lane % 4 * 4,
                              two_of(scores[0][4 * j + 2 * h], scores[0][4 * j + 2 * h + 1], T()));
            if (lane % 4 != 0) continue;
            told.rescale[row + h * 8] = rescale[0][h];
            told.row_max[row + h * 8] = row_max[0][h];
        }
        fence_proxy_async_shared();
    }

    /// The other's part: its sums of weights are of the same maximum then.
    __device__ __forceinline__ void follow(float (&rescale)[1][2], const Told& told, int row) {
#pragma unroll
        for (int h = 0; h < 2; ++h) {
            rescale[0][h] = told.rescale[row + h * 8];
            row_max[0][h] = told.row_max[row + h * 8];
            row_sum[0][h] = mul_rn_f32(row_sum[0][h], rescale[0][h]);
        }
    }

    /// Issues acc += weights tile_v, 16 keys a step; tile_v are the consumer's boxes of a tile of keys.
    __device__ __forceinline__ void weigh_async(const unsigned char* weights, const unsigned char* tile_v) {
        const std::uint64_t w = wgmma_descriptor(weights, 16, box_rows_stride, Swizzle::bytes_128);
        const std::uint64_t v = wgmma_descriptor(tile_v, KEY_BOX, box_rows_stride, Swizzle::bytes_128);
        wgmma_fence();
#pragma unroll
        for (int step = 0; step < BLOCK_N / 16; ++step)
            wgmma<element_of<T>, Major::k, Major::mn>(acc[0], wgmma_advance(w, step * 32),
                                                      wgmma_advance(v, step * 16 * box_row), true);
        wgmma_commit_group();
    }
};

}  // namespace stele::attention::ptx
