// What a warp has of the attention of its rows where matrix instructions make the products, and the warp has all their
// keys and all columns of O: scores become weights that are the next product's operand as they lie.
#pragma once

#include "kernels/attention/matrix_sums.ptx.cuh"

namespace stele::attention::ptx {

using namespace stele::ptx;

/// Scores of `keys` keys and O of `head_dim` columns of TILES_M · 16 rows.
template <typename T, int TILES_M, int keys, int head_dim>
struct MatrixRows : MatrixScores<TILES_M, keys>, MatrixSums<T, TILES_M, keys, head_dim> {
    using Scores = MatrixScores<TILES_M, keys>;
    using Sums = MatrixSums<T, TILES_M, keys, head_dim>;
    using Scores::scores, Scores::seen, Scores::row_max, Sums::acc;

    /// By pairs: four registers for each 16 keys.
    std::uint32_t weights[TILES_M][keys / 4];

    __device__ __forceinline__ void clear() {
        Scores::clear();
        Sums::clear();
    }

    /// Weights in 16 bits.
    __device__ __forceinline__ void pack() {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int e = 0; e < keys / 4; ++e) weights[i][e] = two_of(scores[i][2 * e], scores[i][2 * e + 1], T());
    }

    template <bool SPOILT, typename Place>
    __device__ __forceinline__ void weigh(const unsigned char* tile_v, int lane, Place&& place) {
        Sums::template weigh<SPOILT>(tile_v, lane, place, [this](int i, int step, std::uint32_t(&a)[4]) {
#pragma unroll
            for (int e = 0; e < 4; ++e) a[e] = weights[i][4 * step + e];
        });
    }

    template <typename Place>
    __device__ __forceinline__ void add_spoilt(const unsigned char* tile_v, int key_begin, int window, int lane,
                                               Place&& place) {
        Sums::add_spoilt(tile_v, key_begin, window, lane, place, [this](int i, int h) { return seen[i][h]; });
    }

    /// O's rows in 16 bits to `staging`, and lse where the lane's row has a place in it, which row_of(r) tells.
    template <typename Place, typename RowOf>
    __device__ __forceinline__ void finish(unsigned char* staging, float* lse, int lane, Place&& place,
                                           RowOf&& row_of) const {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int h = 0; h < 2; ++h) {
                const float sum = Scores::sum_of(i, h);
                const int row = row_of(i * 16 + h * 8 + lane / 4);
                // Not sum > 0: a NaN must stay one.
                Sums::stage_row(staging, i, h, sum == 0.0f ? 0.0f : rcp_approx_ftz_f32(sum), lane, place);
                if (row >= 0 && lane % 4 == 0)
                    lse[row] = (row_max[i][h] + lg2_approx_ftz_f32(sum)) * 0.693147180559945309f;
            }
    }
};

}  // namespace stele::attention::ptx
