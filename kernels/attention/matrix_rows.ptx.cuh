// What a warp has of the attention of its rows where matrix instructions make the products: in registers, as
// m16n8k16 and wgmma place them. Of each 16 rows a lane has lane / 4 and the eighth below it, of each 8 columns two
// neighbours, 2 (lane % 4) and the next: element 4 j + e is column 8 j + 2 (lane % 4) + e % 2 of row e / 2.
#pragma once

#include <cstdint>

#include "kernels/attention/nonfinite.cuh"
#include "kernels/attention/sequence.cuh"
#include "kernels/common/ptx/ldmatrix.cuh"
#include "kernels/common/ptx/math.cuh"
#include "kernels/common/ptx/memory.cuh"
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

/// Scores of `keys` keys and O of `head_dim` columns of TILES_M · 16 rows.
template <typename T, int TILES_M, int keys, int head_dim>
struct MatrixRows {
    /// 16 keys, or 16 columns of O, are one step of the matrix unit.
    static constexpr int STEPS_N = keys / 16, STEPS_D = head_dim / 16;

    float acc[TILES_M][head_dim / 2], scores[TILES_M][keys / 2];
    /// By pairs: four registers for each 16 keys, which are the next product's first operand as they lie.
    std::uint32_t weights[TILES_M][keys / 4];
    float row_max[TILES_M][2], row_sum[TILES_M][2];
    int seen[TILES_M][2];  ///< where the keys end that a row sees

    /// Four elements, as mma.sync takes them.
    static __device__ __forceinline__ float (&four(float* from))[4] { return *reinterpret_cast<float(*)[4]>(from); }

    __device__ __forceinline__ void clear() {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i) {
#pragma unroll
            for (int e = 0; e < head_dim / 2; ++e) acc[i][e] = 0.0f;
#pragma unroll
            for (int h = 0; h < 2; ++h) {
                row_max[i][h] = -INFINITY;
                row_sum[i][h] = 0.0f;
            }
        }
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

    /// Online softmax (Milakov and Gimelshein 2018): raises row_max, makes weights 2^(score − row_max + RAISE) of the
    /// scores, and leaves in `rescale` what acc is to be multiplied by, as row_sum was.
    template <int RAISE = 0>
    __device__ __forceinline__ void softmax(float (&rescale)[TILES_M][2]) {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int h = 0; h < 2; ++h) {
                float most = row_max[i][h];
#pragma unroll
                for (int e = 2 * h; e < keys / 2; e += 4) most = max_f32(most, max_f32(scores[i][e], scores[i][e + 1]));
                most = max_f32(most, shfl_sync_bfly(most, 1));
                most = max_f32(most, shfl_sync_bfly(most, 2));
                // A row that has seen nothing: subtract 0, as −inf − (−inf) is NaN.
                const float base = most == -INFINITY ? 0.0f : most, from = base - RAISE;
                rescale[i][h] = ex2_approx_ftz_f32(row_max[i][h] - base);
                row_max[i][h] = most;
                float sum = mul_rn_f32(row_sum[i][h], rescale[i][h]);
#pragma unroll
                for (int e = 2 * h; e < keys / 2; e += 4) {
                    scores[i][e] = ex2_approx_ftz_f32(scores[i][e] - from);
                    scores[i][e + 1] = ex2_approx_ftz_f32(scores[i][e + 1] - from);
                    sum += scores[i][e] + scores[i][e + 1];
                }
                row_sum[i][h] = sum;
            }
    }

    /// Weights in 16 bits.
    __device__ __forceinline__ void pack() {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int e = 0; e < keys / 4; ++e) weights[i][e] = two_of(scores[i][2 * e], scores[i][2 * e + 1], T());
    }

    __device__ __forceinline__ void scale_acc(const float (&rescale)[TILES_M][2]) {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int e = 0; e < head_dim / 2; ++e) acc[i][e] = mul_rn_f32(acc[i][e], rescale[i][e / 2 % 2]);
    }

    /// acc += weights · tile_v by mma.sync; place(row, piece) is where 16 bytes of tile_v lie. SPOILT: what is infinite
    /// or no number counts as 0.
    template <bool SPOILT, typename Place>
    __device__ __forceinline__ void weigh(const unsigned char* tile_v, int lane, Place&& place) {
#pragma unroll
        for (int step = 0; step < STEPS_N; ++step) {
#pragma unroll
            for (int j = 0; j < STEPS_D; ++j) {
                std::uint32_t b[4];
                ldmatrix_x4_trans(b, tile_v + place(step * 16 + lane % 16, j * 2 + lane / 16));
                if constexpr (SPOILT) {
#pragma unroll
                    for (std::uint32_t& two : b) two = finite_of<T>(two);
                }
#pragma unroll
                for (int i = 0; i < TILES_M; ++i) {
                    const std::uint32_t a[4] = {weights[i][4 * step], weights[i][4 * step + 1],
                                                weights[i][4 * step + 2], weights[i][4 * step + 3]};
                    multiply(four(acc[i] + 8 * j), a, {b[0], b[1]}, T());
                    multiply(four(acc[i] + 8 * j + 4), a, {b[2], b[3]}, T());
                }
            }
        }
    }

    /// Whether the part of one of `threads` threads of tile_v has a value that is infinite or no number in a row other
    /// than `from` to `to`, which all see.
    template <typename Place>
    static __device__ __forceinline__ bool any_spoilt(const unsigned char* tile_v, int from, int to, int thread,
                                                      int threads, Place&& place) {
        constexpr int PIECES = head_dim / 8;
        bool spoilt = false;
        for (int i = thread; i < keys * PIECES; i += threads) {
            if (i / PIECES >= from && i / PIECES < to) continue;
            spoilt = spoilt || any_nonfinite<T>(ld_shared_v4_b32(tile_v + place(i / PIECES, i % PIECES)));
        }
        return spoilt;
    }

    /// For values that weigh<true>() has left out, as a weight of 0 would have made NaN of them: a row that sees one
    /// gets it here. No positive weight changes it.
    template <typename Place>
    __device__ __forceinline__ void add_spoilt(const unsigned char* tile_v, int key_begin, int window, int lane,
                                               Place&& place) {
#pragma unroll 1
        for (int n = 0; n < keys; ++n)
#pragma unroll
            for (int j = 0; j < head_dim / 8; ++j) {
                const std::uint32_t two = ld_shared_b32(tile_v + place(n, j) + lane % 4 * 4);
                if (!any_nonfinite<T>(two)) continue;
                const float low = to_float(same_bits<T>(static_cast<std::uint16_t>(two)));
                const float high = to_float(same_bits<T>(static_cast<std::uint16_t>(two >> 16)));
#pragma unroll
                for (int i = 0; i < TILES_M; ++i)
#pragma unroll
                    for (int h = 0; h < 2; ++h) {
                        if (!is_seen(key_begin + n, seen[i][h], window)) continue;
                        if (!isfinite(low)) acc[i][4 * j + 2 * h] += low;
                        if (!isfinite(high)) acc[i][4 * j + 2 * h + 1] += high;
                    }
            }
    }

    /// O's rows in 16 bits to `staging`, and lse where the lane's row has a place in it, which row_of(r) tells.
    template <typename Place, typename RowOf>
    __device__ __forceinline__ void finish(unsigned char* staging, float* lse, int lane, Place&& place,
                                           RowOf&& row_of) const {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int h = 0; h < 2; ++h) {
                float sum = row_sum[i][h];
                sum += shfl_sync_bfly(sum, 1);
                sum += shfl_sync_bfly(sum, 2);
                const int r = i * 16 + h * 8 + lane / 4, row = row_of(r);
                // Not sum > 0: a NaN must stay one.
                const float inverse = sum == 0.0f ? 0.0f : rcp_approx_ftz_f32(sum);
#pragma unroll
                for (int j = 0; j < head_dim / 8; ++j)
                    st_shared_b32(staging + place(r, j) + lane % 4 * 4,
                                  two_of(mul_rn_f32(acc[i][4 * j + 2 * h], inverse),
                                         mul_rn_f32(acc[i][4 * j + 2 * h + 1], inverse), T()));
                if (row >= 0 && lane % 4 == 0)
                    lse[row] = (row_max[i][h] + lg2_approx_ftz_f32(sum)) * 0.693147180559945309f;
            }
    }
};

/// A warp's `rows` rows of O from `staging`, 16 bytes a lane.
template <int rows, int head_dim, typename T, typename Place, typename RowOf>
__device__ __forceinline__ void store_staged(T* O, const unsigned char* staging, int lane, Place&& place,
                                             RowOf&& row_of) {
    constexpr int PIECES = head_dim / 8;
    for (int i = lane; i < rows * PIECES; i += 32) {
        const int row = row_of(i / PIECES);
        if (row >= 0)
            st_global_cs_v4_b32(O + static_cast<std::size_t>(row) * head_dim + i % PIECES * 8,
                                ld_shared_v4_b32(staging + place(i / PIECES, i % PIECES)));
    }
}

}  // namespace stele::attention::ptx
