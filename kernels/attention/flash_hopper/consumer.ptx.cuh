// What a consumer of flash_hopper does with its tiles, by the type of Q, K and V: in 16 bits, and in 8.
#pragma once

#include "kernels/attention/flash_hopper/flash_hopper.hpp"
#include "kernels/attention/matrix_rows.ptx.cuh"
#include "kernels/attention/narrow.ptx.cuh"
#include "kernels/attention/wgmma_boxes.ptx.cuh"
#include "kernels/common/ptx/fence.cuh"
#include "kernels/common/ptx/mbarrier.cuh"
#include "kernels/common/ring.cuh"

namespace stele::attention::ptx {

using namespace stele::ptx;

/// f16 and bf16. Tiles are boxes of 64 columns, box behind box, their rows of 128 bytes swizzled.
template <typename T, HopperTile tile, int head_dim>
struct Consumer : MatrixRows<T, 1, tile.block_n, head_dim> {
    using Rows = MatrixRows<T, 1, tile.block_n, head_dim>;
    using Rows::acc, Rows::scores, Rows::weights;
    static constexpr int CONSUMERS = tile.consumers, BLOCK_N = tile.block_n, STAGES = HopperTile::hopper_stages;
    static constexpr int PIECES = head_dim / 8, BOXES = head_dim / 64, BOX_COLUMNS = 64, ROW = 128,
                         QUERY_BOX = 64 * ROW, KEY_BOX = BLOCK_N * ROW;
    static constexpr int QUERY_BYTES = BOXES * QUERY_BOX, KEY_BYTES = BOXES * KEY_BOX;
    static constexpr int PRODUCER_REGISTERS = CONSUMERS == 2 ? 24 : 32, CONSUMER_REGISTERS = CONSUMERS == 2 ? 240 : 160;
    /// V as it comes is multiplied by.
    static constexpr int TRANSPOSERS = 0;

    /// Where a 16-byte piece of V lies.
    static __device__ __forceinline__ int place_v(int row, int piece) { return place_in_boxes<BLOCK_N>(row, piece); }

    static __device__ __forceinline__ bool any_spoilt(const unsigned char* tile_v, int from, int to, int thread) {
        return Rows::any_spoilt(tile_v, from, to, thread, CONSUMERS * 128, place_v);
    }
    __device__ __forceinline__ void add_spoilt(const unsigned char* tile_v, int key_begin, int window, int lane) {
        Rows::add_spoilt(tile_v, key_begin, window, lane, place_v);
    }
    /// Zeros in the place of values that are infinite or no number.
    static __device__ __forceinline__ void drop_spoilt(unsigned char* tile_v, int thread) {
        drop_nonfinite<T, BLOCK_N, PIECES>(tile_v, thread, CONSUMERS * 128, place_v);
    }

    /// Issues scores = tile_q tile_kᵀ.
    __device__ __forceinline__ void score(const unsigned char* tile_q, const unsigned char* tile_k) {
        score_boxes<T, head_dim, BLOCK_N>(scores[0], tile_q, tile_k);
    }

    __device__ __forceinline__ void softmax(float (&rescale)[1][2]) { Rows::softmax(rescale); }

    /// Issues acc += weights tile_v; a box of V is 64 columns, 16 of its rows a step.
    __device__ __forceinline__ void weigh_async(const unsigned char* tile_v) {
        const std::uint64_t v = wgmma_descriptor(tile_v, KEY_BOX, 8 * ROW, Swizzle::bytes_128);
        wgmma_fence();
#pragma unroll
        for (int step = 0; step < BLOCK_N / 16; ++step) {
            const std::uint32_t a[4] = {weights[0][4 * step], weights[0][4 * step + 1], weights[0][4 * step + 2],
                                        weights[0][4 * step + 3]};
            wgmma<element_of<T>, Major::mn>(acc[0], a, wgmma_advance(v, step * 16 * ROW), true);
        }
        wgmma_commit_group();
    }

    /// Before O is made of acc.
    __device__ __forceinline__ void scale_values(float /*of_values*/) {}
};

/// e4m3. A tile is one box whose rows are head_dim bytes, swizzled. wgmma takes 8-bit operands along K alone, so warps
/// of the producer turn V into Vᵀ [head_dim, BLOCK_N], rows of 128 bytes, and while they do so they put the keys of
/// each 16 in the order in which an accumulator of m64nNk32 has them: a lane's weights are the next product's operand
/// as they lie (FlashAttention-3, Shah et al. 2024, permutes alike).
template <HopperTile tile, int head_dim>
struct Consumer<e4m3, tile, head_dim> : MatrixRows<bf16, 1, tile.block_n, head_dim> {
    using Rows = MatrixRows<bf16, 1, tile.block_n, head_dim>;
    using Rows::acc, Rows::scores, Rows::seen, Rows::row_sum;
    static constexpr int CONSUMERS = tile.consumers, BLOCK_N = tile.block_n, STAGES = HopperTile::hopper_stages;
    static constexpr int BOXES = 1, BOX_COLUMNS = head_dim, ROW = head_dim, QUERY_BOX = 64 * ROW,
                         KEY_BOX = BLOCK_N * ROW;
    static constexpr int QUERY_BYTES = QUERY_BOX, KEY_BYTES = KEY_BOX;
    static constexpr Swizzle SWIZZLE = ROW == 128 ? Swizzle::bytes_128 : Swizzle::bytes_64;
    static constexpr int TURNED_ROW = BLOCK_N, TRANSPOSERS = 3;
    static constexpr int PRODUCER_REGISTERS = 56, CONSUMER_REGISTERS = 224;
    /// Weights are up to 2^RAISE, so that small ones keep their bits.
    static constexpr int RAISE = 8;
    static_assert(CONSUMERS == 2 && TURNED_ROW == 128, "a row of Vᵀ is as wide as the swizzle");

    /// By fours: four registers for each 32 keys.
    std::uint32_t narrow[BLOCK_N / 8];

    /// Where four keys of a column lie in Vᵀ: word w has keys 16 (w / 4) + {0, 1, 8, 9} + 2 (w % 4).
    static __device__ __forceinline__ int place_word(int column, int word) {
        return column * TURNED_ROW + (word / 4 ^ column % 8) * 16 + word % 4 * 4;
    }
    static __device__ __forceinline__ int key_of(int word, int byte) {
        return word / 4 * 16 + word % 4 * 2 + byte / 2 * 8 + byte % 2;
    }

    /// Vᵀ of V, by the lanes of one of TRANSPOSERS warps: four keys of four columns at a time, of word lane ^ round. So
    /// the lanes have columns and words that differ, and neither reads nor writes meet in a bank (two reads, at
    /// head_dim 64); and as both places are XORs of what lane, round and byte give, a round adds few instructions to
    /// them.
    static __device__ __forceinline__ void transpose(const unsigned char* tile_v, unsigned char* turned, int warp,
                                                     int lane) {
        constexpr int QUADS = head_dim / 4;
        const int quad = lane % QUADS, from = key_of(lane, 0) * ROW + quad * 4, to = place_word(quad * 4, lane);
        for (int round = warp; round < QUADS; round += TRANSPOSERS) {
            const unsigned char* keys = tile_v + (from ^ key_of(round, 0) * ROW);
            const int word = to ^ place_word(0, round);
            std::uint32_t words[4];
#pragma unroll
            for (int e = 0; e < 4; ++e) words[e] = ld_shared_b32(keys + key_of(0, e) * ROW);
            transpose_bytes(words);
#pragma unroll
            for (int e = 0; e < 4; ++e) st_shared_b32(turned + (word ^ place_word(e, 0)), words[e]);
        }
    }

    /// What all consumers look through is all of the tile: keys `from` to `to`, which all see, lie among the others.
    static __device__ __forceinline__ bool any_spoilt(const unsigned char* turned, int /*from*/, int /*to*/,
                                                      int thread) {
        bool spoilt = false;
        for (int i = thread; i < head_dim * TURNED_ROW / 4; i += CONSUMERS * 128)
            spoilt = spoilt || nan_bits(ld_shared_b32(turned + i * 4)) != 0;
        return spoilt;
    }
    /// NaN to rows that see a key with one, as drop_spoilt() takes it out of the product.
    __device__ __forceinline__ void add_spoilt(const unsigned char* turned, int key_begin, int window, int lane) {
#pragma unroll 1
        for (int word = 0; word < BLOCK_N / 4; ++word)
#pragma unroll
            for (int j = 0; j < head_dim / 4; ++j) {
                const int column = j / 2 * 8 + lane % 4 * 2 + j % 2;
                const std::uint32_t bits = nan_bits(ld_shared_b32(turned + place_word(column, word)));
                if (bits == 0) continue;
#pragma unroll
                for (int e = 0; e < 4; ++e)
#pragma unroll
                    for (int h = 0; h < 2; ++h)
                        if ((bits >> (8 * e) & 0x80u) != 0 && is_seen(key_begin + key_of(word, e), seen[0][h], window))
                            acc[0][j / 2 * 4 + 2 * h + j % 2] = NAN;
            }
    }
    static __device__ __forceinline__ void drop_spoilt(unsigned char* turned, int thread) {
        for (int i = thread; i < head_dim * TURNED_ROW / 4; i += CONSUMERS * 128) {
            const std::uint32_t four = ld_shared_b32(turned + i * 4);
            st_shared_b32(turned + i * 4, four & ~((nan_bits(four) >> 7) * 0xffu));
        }
    }

    __device__ __forceinline__ void score(const unsigned char* tile_q, const unsigned char* tile_k) {
        const std::uint64_t q = wgmma_descriptor(tile_q, 16, 8 * ROW, SWIZZLE);
        const std::uint64_t k = wgmma_descriptor(tile_k, 16, 8 * ROW, SWIZZLE);
        wgmma_fence();
#pragma unroll
        for (int step = 0; step < head_dim / 32; ++step)
            wgmma<Element::e4m3>(scores[0], wgmma_advance(q, step * 32), wgmma_advance(k, step * 32), step > 0);
        wgmma_commit_group();
    }

    __device__ __forceinline__ void softmax(float (&rescale)[1][2]) { Rows::template softmax<RAISE>(rescale); }

    /// Of each 32 keys: rows lane / 4 and the eighth below it of the first 16, then of the others.
    __device__ __forceinline__ void pack() {
#pragma unroll
        for (int i = 0; i < BLOCK_N / 8; ++i) {
            const float* of_row = scores[0] + i / 2 * 8 + i % 2 * 2;
            narrow[i] = cvt_rn_satfinite_e4m3x2_f32(of_row[1], of_row[0]) |
                        static_cast<std::uint32_t>(cvt_rn_satfinite_e4m3x2_f32(of_row[5], of_row[4])) << 16;
        }
    }

    __device__ __forceinline__ void weigh_async(const unsigned char* turned) {
        const std::uint64_t v = wgmma_descriptor(turned, 16, 8 * TURNED_ROW, Swizzle::bytes_128);
        wgmma_fence();
#pragma unroll
        for (int step = 0; step < BLOCK_N / 32; ++step) {
            const std::uint32_t a[4] = {narrow[4 * step], narrow[4 * step + 1], narrow[4 * step + 2],
                                        narrow[4 * step + 3]};
            wgmma<Element::e4m3>(acc[0], a, wgmma_advance(v, step * 32), true);
        }
        wgmma_commit_group();
    }

    /// acc and row_sum are of weights times 2^RAISE.
    __device__ __forceinline__ void scale_values(float of_values) {
        constexpr float unit = 1.0f / (1 << RAISE);
#pragma unroll
        for (float& value : acc[0]) value = mul_rn_f32(value, of_values * unit);
#pragma unroll
        for (float& sum : row_sum[0]) sum = mul_rn_f32(sum, unit);
    }
};

}  // namespace stele::attention::ptx
