// What a warp has of O where matrix instructions make the products: columns of its rows in registers, as m16n8k16 and
// wgmma place them (matrix_scores.ptx.cuh).
#pragma once

#include "kernels/attention/matrix_scores.ptx.cuh"
#include "kernels/attention/nonfinite.cuh"
#include "kernels/common/ptx/ldmatrix.cuh"
#include "kernels/common/ptx/memory.cuh"

namespace stele::attention::ptx {

using namespace stele::ptx;

/// Sums over `keys` keys at a time of `columns` columns of TILES_M · 16 rows.
template <typename T, int TILES_M, int keys, int columns>
struct MatrixSums {
    float acc[TILES_M][columns / 2];

    __device__ __forceinline__ void clear() {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int e = 0; e < columns / 2; ++e) acc[i][e] = 0.0f;
    }

    __device__ __forceinline__ void scale_acc(const float (&rescale)[TILES_M][2]) {
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int e = 0; e < columns / 2; ++e) acc[i][e] = mul_rn_f32(acc[i][e], rescale[i][e / 2 % 2]);
    }

    /// acc += weights · tile_v by mma.sync. place(row, piece) is where 16 bytes of tile_v lie; weights_of(i, step, a)
    /// gives 16 rows' weights of 16 keys as mma.sync takes them. SPOILT: what is infinite or no number counts as 0.
    template <bool SPOILT, typename Place, typename WeightsOf>
    __device__ __forceinline__ void weigh(const unsigned char* tile_v, int lane, Place&& place,
                                          WeightsOf&& weights_of) {
#pragma unroll
        for (int step = 0; step < keys / 16; ++step) {
            std::uint32_t a[TILES_M][4];
#pragma unroll
            for (int i = 0; i < TILES_M; ++i) weights_of(i, step, a[i]);
#pragma unroll
            for (int j = 0; j < columns / 16; ++j) {
                std::uint32_t b[4];
                ldmatrix_x4_trans(b, tile_v + place(step * 16 + lane % 16, j * 2 + lane / 16));
                if constexpr (SPOILT) {
#pragma unroll
                    for (std::uint32_t& two : b) two = finite_of<T>(two);
                }
#pragma unroll
                for (int i = 0; i < TILES_M; ++i) {
                    multiply(four(acc[i] + 8 * j), a[i], {b[0], b[1]}, T());
                    multiply(four(acc[i] + 8 * j + 4), a[i], {b[2], b[3]}, T());
                }
            }
        }
    }

    /// Whether the part of one of `threads` threads of tile_v has a value that is infinite or no number in a row other
    /// than `from` to `to`, which all see.
    template <typename Place>
    static __device__ __forceinline__ bool any_spoilt(const unsigned char* tile_v, int from, int to, int thread,
                                                      int threads, Place&& place) {
        constexpr int PIECES = columns / 8;
        bool spoilt = false;
        for (int i = thread; i < keys * PIECES; i += threads) {
            if (i / PIECES >= from && i / PIECES < to) continue;
            spoilt = spoilt || any_nonfinite<T>(ld_shared_v4_b32(tile_v + place(i / PIECES, i % PIECES)));
        }
        return spoilt;
    }

    /// For values that weigh<true>() has left out, as a weight of 0 would have made NaN of them: a row that sees one
    /// gets it here. No positive weight changes it. seen_of(i, h) is where the keys end that a row sees.
    template <typename Place, typename SeenOf>
    __device__ __forceinline__ void add_spoilt(const unsigned char* tile_v, int key_begin, int window, int lane,
                                               Place&& place, SeenOf&& seen_of) {
#pragma unroll 1
        for (int n = 0; n < keys; ++n)
#pragma unroll
            for (int j = 0; j < columns / 8; ++j) {
                const std::uint32_t two = ld_shared_b32(tile_v + place(n, j) + lane % 4 * 4);
                if (!any_nonfinite<T>(two)) continue;
                const float low = to_float(same_bits<T>(static_cast<std::uint16_t>(two)));
                const float high = to_float(same_bits<T>(static_cast<std::uint16_t>(two >> 16)));
#pragma unroll
                for (int i = 0; i < TILES_M; ++i)
#pragma unroll
                    for (int h = 0; h < 2; ++h) {
                        if (!is_seen(key_begin + n, seen_of(i, h), window)) continue;
                        if (!isfinite(low)) acc[i][4 * j + 2 * h] += low;
                        if (!isfinite(high)) acc[i][4 * j + 2 * h + 1] += high;
                    }
            }
    }

    /// Row h of tile i times a factor, in 16 bits to row r of `staging`.
    template <typename Place>
    __device__ __forceinline__ void stage_row(unsigned char* staging, int i, int h, float factor, int lane,
                                              Place&& place) const {
        const int r = i * 16 + h * 8 + lane / 4;
#pragma unroll
        for (int j = 0; j < columns / 8; ++j)
            st_shared_b32(
                staging + place(r, j) + lane % 4 * 4,
                two_of(mul_rn_f32(acc[i][4 * j + 2 * h], factor), mul_rn_f32(acc[i][4 * j + 2 * h + 1], factor), T()));
    }

    /// Row h of tile i as it was summed, to `to`.
    __device__ __forceinline__ void store_row(float* to, int i, int h, int lane) const {
#pragma unroll
        for (int j = 0; j < columns / 8; ++j)
            st_global_cs_v2_b32(to + j * 8 + lane % 4 * 2, make_uint2(__float_as_uint(acc[i][4 * j + 2 * h]),
                                                                      __float_as_uint(acc[i][4 * j + 2 * h + 1])));
    }
};

/// A warp's `rows` rows of `columns` columns from `staging`, 16 bytes a lane, to where row_of(r) says: −1, nowhere.
/// Rows of O are `pitch` elements apart.
template <int rows, int columns, int pitch = columns, typename T, typename Place, typename RowOf>
__device__ __forceinline__ void store_staged(T* O, const unsigned char* staging, int lane, Place&& place,
                                             RowOf&& row_of) {
    constexpr int PIECES = columns / 8;
    for (int i = lane; i < rows * PIECES; i += 32) {
        const int row = row_of(i / PIECES);
        if (row >= 0)
            st_global_cs_v4_b32(O + static_cast<std::size_t>(row) * pitch + i % PIECES * 8,
                                ld_shared_v4_b32(staging + place(i / PIECES, i % PIECES)));
    }
}

}  // namespace stele::attention::ptx
