// What a warp has of the scores of its rows where matrix instructions make the products: in registers, as m16n8k16 and
// wgmma place them. Of each 16 rows a lane has lane / 4 and the eighth below it, of each 8 keys two neighbours,
// 2 (lane % 4) and the next: element 4 j + e is key 8 j + 2 (lane % 4) + e % 2 of row e / 2.
#pragma once

#include <cstdint>

#include "kernels/attention/sequence.cuh"
#include "kernels/common/half.cuh"
#include "kernels/common/ptx/math.cuh"
#include "kernels/common/ptx/mma.cuh"
#include "kernels/common/ptx/shuffle.cuh"

namespace stele::attention::ptx {

using namespace stele::ptx;

__device__ __forceinline__ void multiply(float (&acc)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                                         half) {
    mma_m16n8k16_f16_f32(acc, a, b, acc);
}
__device__ __forceinline__ void multiply(float (&acc)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                                         bf16) {
    mma_m16n8k16_bf16_f32(acc, a, b, acc);
}

__device__ __forceinline__ std::uint32_t two_of(float low, float high, half) { return cvt_rn_f16x2_f32(high, low); }
__device__ __forceinline__ std::uint32_t two_of(float low, float high, bf16) { return cvt_rn_bf16x2_f32(high, low); }

/// Four elements, as mma.sync takes them.
__device__ __forceinline__ float (&four(float* from))[4] { return *reinterpret_cast<float(*)[4]>(from); }

/// Scores of `keys` keys of TILES_M · 16 rows, which become weights, and each row's maximum and the sum of its weights.
template <int TILES_M, int keys>
struct MatrixScores {
    float scores[TILES_M][keys / 2];
    float row_max[TILES_M][2], row_sum[TILES_M][2];
    int seen[TILES_M][2];  ///< where the keys end that a row sees

    __device__ __forceinline__ void clear() {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int h = 0; h < 2; ++h) {
                row_max[i][h] = -INFINITY;
                row_sum[i][h] = 0.0f;
            }
    }

    __device__ __forceinline__ void clear_scores() {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (float& score : scores[i]) score = 0.0f;
    }

    /// Before the mask, as −inf times a factor may be anything.
    __device__ __forceinline__ void scale_scores(float factor) {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (float& score : scores[i]) score = mul_rn_f32(score, factor);
    }

    /// −inf for keys that a row does not see: it sees the last `window` below `seen`.
    __device__ __forceinline__ void mask(int key_begin, int window, int lane) {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int e = 0; e < keys / 2; ++e)
                if (!is_seen(key_begin + e / 4 * 8 + lane % 4 * 2 + e % 2, seen[i][e / 2 % 2], window))
                    scores[i][e] = -INFINITY;
    }

    /// The most of a row's maximum and its scores, in all four lanes that have it.
    __device__ __forceinline__ float most_of(int i, int h) const {
        float most = row_max[i][h];
#pragma unroll
        for (int e = 2 * h; e < keys / 2; e += 4) most = max_f32(most, max_f32(scores[i][e], scores[i][e + 1]));
        most = max_f32(most, shfl_sync_bfly(most, 1));
        return max_f32(most, shfl_sync_bfly(most, 2));
    }

    /// Raises a row's maximum to `most`, and makes weights 2^(score − row_max + RAISE) of its scores. What it returns,
    /// acc is to be multiplied by, as row_sum was.
    template <int RAISE = 0>
    __device__ __forceinline__ float raise_max(int i, int h, float most) {
        // A row that has seen nothing: subtract 0, as −inf − (−inf) is NaN.
        const float base = most == -INFINITY ? 0.0f : most, from = base - RAISE;
        const float rescale = ex2_approx_ftz_f32(row_max[i][h] - base);
        row_max[i][h] = most;
        float sum = mul_rn_f32(row_sum[i][h], rescale);
#pragma unroll
        for (int e = 2 * h; e < keys / 2; e += 4) {
            scores[i][e] = ex2_approx_ftz_f32(scores[i][e] - from);
            scores[i][e + 1] = ex2_approx_ftz_f32(scores[i][e + 1] - from);
            sum += scores[i][e] + scores[i][e + 1];
        }
        row_sum[i][h] = sum;
        return rescale;
    }

    /// Online softmax (Milakov and Gimelshein 2018) of rows whose keys the warp has all.
    template <int RAISE = 0>
    __device__ __forceinline__ void softmax(float (&rescale)[TILES_M][2]) {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int h = 0; h < 2; ++h) rescale[i][h] = raise_max<RAISE>(i, h, most_of(i, h));
    }

    /// Of a row's weights, in all four lanes that have it.
    __device__ __forceinline__ float sum_of(int i, int h) const {
        float sum = row_sum[i][h];
        sum += shfl_sync_bfly(sum, 1);
        return sum + shfl_sync_bfly(sum, 2);
    }
};

}  // namespace stele::attention::ptx
