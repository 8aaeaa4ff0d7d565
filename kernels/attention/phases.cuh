// Phases that every attention kernel without scores in memory goes through, dense and sparse, in CUDA C++.
// Siblings: phases.ptx.cuh, phases.clh.
//
// A block owns BLOCK_M query rows. Thread (row_group, col) of THREADS_M × THREADS_N has the rows
// row_group · THREAD_M + i, of their scores the columns col + j · THREADS_N, and of O the float4 columns
// col + v · THREADS_N. The threads of a row group lie in one warp, so that what they exchange needs no block barrier.
#pragma once

#include "kernels/attention/sequence.cuh"
#include "kernels/attention/tile.hpp"
#include "kernels/common/half.cuh"

namespace stele::attention {

/// Four columns of a row of O that is summed yet, and the row's maximum and sum.
struct Sums {
    float4 acc;
    float row_max, row_sum;
};

}  // namespace stele::attention

namespace stele::attention::cuda {

/// The sums of parts of a row's keys, each rescaled to the largest row_max as a tile is: state_of(part) is (row_max,
/// row_sum), acc_of(part) is asked for where something was seen.
template <typename StateOf, typename AccOf>
__device__ Sums combine_parts(int parts, StateOf&& state_of, AccOf&& acc_of) {
    Sums sums{make_float4(0.0f, 0.0f, 0.0f, 0.0f), -INFINITY, 0.0f};
    for (int part = 0; part < parts; ++part) sums.row_max = fmaxf(sums.row_max, state_of(part).x);
    const float base = sums.row_max == -INFINITY ? 0.0f : sums.row_max;
    for (int part = 0; part < parts; ++part) {
        const float2 state = state_of(part);
        if (state.y == 0.0f) continue;
        const float rescale = exp2f(state.x - base);
        const float4 value = acc_of(part);
        sums.row_sum = fmaf(state.y, rescale, sums.row_sum);
        sums.acc = make_float4(fmaf(rescale, value.x, sums.acc.x), fmaf(rescale, value.y, sums.acc.y),
                               fmaf(rescale, value.z, sums.acc.z), fmaf(rescale, value.w, sums.acc.w));
    }
    return sums;
}

/// O = acc / row_sum at columns d … d + 3 of a row, and with the first of them lse = ln Σ e^score; 0 and −inf where
/// nothing was seen.
template <int VALUE_DIM, typename T>
__device__ void store_sums(T* O, float* lse, std::size_t row, int d, const Sums& sums) {
    const float inverse = sums.row_sum > 0.0f ? 1.0f / sums.row_sum : 0.0f;
    store4(O + row * VALUE_DIM + d,
           make_float4(sums.acc.x * inverse, sums.acc.y * inverse, sums.acc.z * inverse, sums.acc.w * inverse));
    if (d == 0) lse[row] = (sums.row_max + log2f(sums.row_sum)) * 0.693147180559945309f;
}

/// The constants that a tile and a head_dim give, as the kernels name them, and the phases over them. `stages` tiles of
/// K and of V lie in shared memory, as T: as the tensors are stored, or as f32, so that what is read many times is
/// converted once. A row of V, and so of O, is as long as one of K, or its first value_dim columns.
template <typename T, Tile tile, int head_dim, int stages = 1, int value_dim = head_dim>
struct Phases {
    static constexpr int BLOCK_M = tile.block_m, BLOCK_N = tile.block_n, THREADS_N = tile.threads_n;
    static constexpr int THREAD_M = tile.thread_m(), THREAD_N = BLOCK_N / THREADS_N;
    static constexpr int NUM_THREADS = tile.num_threads(), HEAD_DIM = head_dim, VALUE_DIM = value_dim;
    static constexpr int VECTORS = VALUE_DIM / 4 / THREADS_N;
    static constexpr int QUERY_STRIDE = tile.query_stride(head_dim), P_STRIDE = tile.p_stride();
    template <typename Element>
    static constexpr int STRIDE_OF = tile.key_stride(head_dim, sizeof(Element));
    static constexpr int KEY_STRIDE = STRIDE_OF<T>, KEY_TILE = BLOCK_N * KEY_STRIDE;
    static constexpr int STAGES = stages;
    static constexpr std::size_t BYTES = tile.shared_bytes(head_dim, sizeof(T), stages);
    static_assert(32 % THREADS_N == 0, "the threads of a row exchange registers within one warp");
    static_assert(BLOCK_N % THREADS_N == 0 && BLOCK_M % THREAD_M == 0, "the tile must divide among its threads");
    static_assert(VALUE_DIM % (4 * THREADS_N) == 0, "a thread owns whole float4 columns of O");
    static_assert(NUM_THREADS % 32 == 0, "warp exchanges name all lanes");

    /// The block's shared memory, in the order that Tile::shared_bytes() counts.
    struct Shared {
        float* tile_q;   ///< [BLOCK_M][QUERY_STRIDE]
        T* tile_k;       ///< [STAGES][BLOCK_N][KEY_STRIDE]
        T* tile_v;       ///< [STAGES][BLOCK_N][KEY_STRIDE]
        float* tile_p;   ///< [BLOCK_M][P_STRIDE]
        int* query_row;  ///< [BLOCK_M], row in [batch · heads · seq_q] or −1
        int* visible;    ///< [BLOCK_M], where the keys end that the row sees
    };
    __device__ static Shared place(unsigned char* memory) {
        Shared shared;
        shared.tile_q = reinterpret_cast<float*>(memory);
        shared.tile_k = reinterpret_cast<T*>(shared.tile_q + BLOCK_M * QUERY_STRIDE);
        shared.tile_v = shared.tile_k + STAGES * KEY_TILE;
        shared.tile_p = reinterpret_cast<float*>(shared.tile_v + STAGES * KEY_TILE);
        shared.query_row = reinterpret_cast<int*>(shared.tile_p + BLOCK_M * P_STRIDE);
        shared.visible = shared.query_row + BLOCK_M;
        return shared;
    }

    /// What a thread carries from tile to tile. row_sum is the part of its own columns.
    struct State {
        float4 acc[THREAD_M][VECTORS];
        float row_max[THREAD_M], row_sum[THREAD_M];
    };
    __device__ static void clear(State& state) {
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i) {
            state.row_max[i] = -INFINITY;
            state.row_sum[i] = 0.0f;
#pragma unroll
            for (int v = 0; v < VECTORS; ++v) state.acc[i][v] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        }
    }

    /// tile_q[r][d] = Q[query_row[r]][d] · softmax_scale · log2(e), so that exp2 of a score is its weight.
    template <typename Stored>
    __device__ static void load_query_tile(const Shared& shared, const Stored* Q, float softmax_scale, int thread) {
        const float factor = softmax_scale * 1.44269504088896341f;
        for (int i = thread; i < BLOCK_M * HEAD_DIM / 4; i += NUM_THREADS) {
            const int r = i / (HEAD_DIM / 4), d = i % (HEAD_DIM / 4) * 4;
            float4 value = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
            if (shared.query_row[r] >= 0)
                value = load4(Q + static_cast<std::size_t>(shared.query_row[r]) * HEAD_DIM + d);
            value = make_float4(value.x * factor, value.y * factor, value.z * factor, value.w * factor);
            store4(shared.tile_q + r * QUERY_STRIDE + d, value);
        }
    }

    /// piece(n, d) of each 16 bytes of a tile of keys that are stored as Stored: those that begin at row n, column d.
    template <typename Stored, typename Piece>
    __device__ static void for_each_piece(int thread, Piece&& piece) {
        constexpr int width = 16 / sizeof(Stored), chunks = HEAD_DIM / width;
        // With 32 pieces of a thread in sight ptxas ran out of registers.
        if constexpr (BLOCK_N * chunks > 24 * NUM_THREADS) {
#pragma unroll 16
            for (int i = thread; i < BLOCK_N * chunks; i += NUM_THREADS) piece(i / chunks, i % chunks * width);
        } else {
#pragma unroll
            for (int i = thread; i < BLOCK_N * chunks; i += NUM_THREADS) piece(i / chunks, i % chunks * width);
        }
    }

    /// copy(to, from, inside) of each 16 bytes of tile[n] = tensor[row_of(key_begin + n)], K or V of one head. Keys are
    /// inside below key_end; beyond it the tile must become zero, so that no weight of 0 meets a NaN.
    template <typename Kept, typename Stored, typename RowOf, typename Copy>
    __device__ static void copy_key_rows(Kept* tile_kv, const Stored* tensor, RowOf&& row_of, int key_begin,
                                         int key_end, int thread, Copy&& copy) {
        for_each_piece<Stored>(thread, [&](int n, int d) {
            const bool inside = key_begin + n < key_end;
            copy(tile_kv + n * STRIDE_OF<Kept> + d, tensor + row_of(inside ? key_begin + n : key_begin) * HEAD_DIM + d,
                 inside);
        });
    }

    /// tile[n][d] = rows[key_begin + n][d] of one head's K or V, in one piece, 16 bytes at a time.
    template <typename Stored>
    __device__ static void load_key_tile(T* tile_kv, const Stored* rows, int key_begin, int key_end, int thread) {
        copy_key_rows(
            tile_kv, rows, [](int key) { return key; }, key_begin, key_end, thread,
            [](T* to, const Stored* from, bool inside) {
                uint4 value = make_uint4(0, 0, 0, 0);
                if (inside) value = *reinterpret_cast<const uint4*>(from);
                if constexpr (sizeof(Stored) == sizeof(T)) {
                    *reinterpret_cast<uint4*>(to) = value;
                } else {
                    store4(to, unpack<Stored>(make_uint2(value.x, value.y)));
                    store4(to + 4, unpack<Stored>(make_uint2(value.z, value.w)));
                }
            });
    }

    /// scores[i][j] = tile_q[row i] · tile_k[column j]; −inf where the row does not see the key: it sees the last
    /// `window` below visible[row i].
    __device__ static void score_tile(float (&scores)[THREAD_M][THREAD_N], const Shared& shared, const T* tile_k,
                                      int key_begin, int row_group, int col, int window = every_key) {
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
            for (int j = 0; j < THREAD_N; ++j) scores[i][j] = 0.0f;
#pragma unroll 2
        for (int d = 0; d < HEAD_DIM; d += 4) {
            float4 k[THREAD_N];
#pragma unroll
            for (int j = 0; j < THREAD_N; ++j) k[j] = load4(tile_k + (col + j * THREADS_N) * KEY_STRIDE + d);
#pragma unroll
            for (int i = 0; i < THREAD_M; ++i) {
                const float4 q = load4(shared.tile_q + (row_group * THREAD_M + i) * QUERY_STRIDE + d);
#pragma unroll
                for (int j = 0; j < THREAD_N; ++j) {
                    scores[i][j] = fmaf(q.x, k[j].x, scores[i][j]);
                    scores[i][j] = fmaf(q.y, k[j].y, scores[i][j]);
                    scores[i][j] = fmaf(q.z, k[j].z, scores[i][j]);
                    scores[i][j] = fmaf(q.w, k[j].w, scores[i][j]);
                }
            }
        }
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i) {
            const int seen = shared.visible[row_group * THREAD_M + i];
#pragma unroll
            for (int j = 0; j < THREAD_N; ++j)
                if (!is_seen(key_begin + col + j * THREADS_N, seen, window)) scores[i][j] = -INFINITY;
        }
    }

    /// Online softmax (Milakov and Gimelshein 2018): raises row_max, rescales acc and row_sum to it, and leaves the
    /// weights 2^(score − row_max) in tile_p for the threads of the same rows. A warp barrier must follow.
    __device__ static void softmax_tile(State& state, const float (&scores)[THREAD_M][THREAD_N], const Shared& shared,
                                        int row_group, int col) {
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i) {
            float new_max = state.row_max[i];
#pragma unroll
            for (int j = 0; j < THREAD_N; ++j) new_max = fmaxf(new_max, scores[i][j]);
#pragma unroll
            for (int other = THREADS_N / 2; other > 0; other /= 2)
                new_max = fmaxf(new_max, __shfl_xor_sync(0xffffffffu, new_max, other));
            // A row that has seen nothing: subtract 0, as −inf − (−inf) is NaN.
            const float base = new_max == -INFINITY ? 0.0f : new_max;
            const float rescale = exp2f(state.row_max[i] - base);
            state.row_max[i] = new_max;
            state.row_sum[i] *= rescale;
#pragma unroll
            for (int v = 0; v < VECTORS; ++v) {
                float4& acc = state.acc[i][v];
                acc = make_float4(acc.x * rescale, acc.y * rescale, acc.z * rescale, acc.w * rescale);
            }
#pragma unroll
            for (int j = 0; j < THREAD_N; ++j) {
                const float p = exp2f(scores[i][j] - base);
                state.row_sum[i] += p;
                shared.tile_p[(row_group * THREAD_M + i) * P_STRIDE + col + j * THREADS_N] = p;
            }
        }
    }

    /// acc[row i] += tile_p[row i] · tile_v. Of keys that not all of the thread's rows see, each row selects: a weight
    /// of 0 would make NaN of a NaN.
    __device__ static void multiply_tile(State& state, const Shared& shared, const T* tile_v, int key_begin,
                                         int row_group, int col, int window = every_key) {
        int begin = 0, end = BLOCK_N, n = 0;  // of the keys that all see
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i) {
            const int r = row_group * THREAD_M + i;
            if (shared.query_row[r] < 0) continue;
            const int seen = shared.visible[r] - key_begin;
            begin = max(begin, seen - window);
            end = min(end, seen);
        }
        begin = min((begin + 3) / 4 * 4, BLOCK_N);  // four weights are one load
        multiply_selected(state, shared, tile_v, key_begin, n, begin, row_group, col, window);
#pragma unroll 1
        for (; n + 4 <= end; n += 4) {
            float4 p[THREAD_M];
#pragma unroll
            for (int i = 0; i < THREAD_M; ++i) p[i] = load4(shared.tile_p + (row_group * THREAD_M + i) * P_STRIDE + n);
#pragma unroll
            for (int v = 0; v < VECTORS; ++v) {
                const T* column = tile_v + n * KEY_STRIDE + (col + v * THREADS_N) * 4;
                const float4 v0 = load4(column), v1 = load4(column + KEY_STRIDE);
                const float4 v2 = load4(column + 2 * KEY_STRIDE), v3 = load4(column + 3 * KEY_STRIDE);
#pragma unroll
                for (int i = 0; i < THREAD_M; ++i) {
                    add_scaled(state.acc[i][v], p[i].x, v0);
                    add_scaled(state.acc[i][v], p[i].y, v1);
                    add_scaled(state.acc[i][v], p[i].z, v2);
                    add_scaled(state.acc[i][v], p[i].w, v3);
                }
            }
        }
        multiply_selected(state, shared, tile_v, key_begin, n, BLOCK_N, row_group, col, window);
    }

    /// Adds up the parts of row_sum over the threads of a row.
    __device__ static void reduce_row_sum(State& state) {
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
            for (int other = THREADS_N / 2; other > 0; other /= 2)
                state.row_sum[i] += __shfl_xor_sync(0xffffffffu, state.row_sum[i], other);
    }

    /// O = acc / row_sum and lse = ln Σ e^score of this thread's rows; 0 and −inf where nothing was seen.
    template <typename Stored>
    __device__ static void store_rows(Stored* O, float* lse, const State& state, const Shared& shared, int row_group,
                                      int col) {
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i) {
            const int row = shared.query_row[row_group * THREAD_M + i];
            if (row < 0) continue;
            const float inverse = state.row_sum[i] > 0.0f ? 1.0f / state.row_sum[i] : 0.0f;
#pragma unroll
            for (int v = 0; v < VECTORS; ++v) {
                const float4 acc = state.acc[i][v];
                store4(O + static_cast<std::size_t>(row) * VALUE_DIM + (col + v * THREADS_N) * 4,
                       make_float4(acc.x * inverse, acc.y * inverse, acc.z * inverse, acc.w * inverse));
            }
            if (col == 0) lse[row] = (state.row_max[i] + log2f(state.row_sum[i])) * 0.693147180559945309f;
        }
    }

    /// What was summed of a part of the keys, for the kernel that puts parts together: acc [splits, all_rows,
    /// VALUE_DIM], row_max and row_sum [splits, all_rows, 2].
    __device__ static void store_part(float* partial_acc, float* partial_state, const State& state,
                                      const Shared& shared, int split, int all_rows, int row_group, int col) {
        for (int i = 0; i < THREAD_M; ++i) {
            const int row = shared.query_row[row_group * THREAD_M + i];
            if (row < 0) continue;
            const std::size_t at = static_cast<std::size_t>(split) * all_rows + row;
            for (int v = 0; v < VECTORS; ++v)
                store4(partial_acc + at * VALUE_DIM + (col + v * THREADS_N) * 4, state.acc[i][v]);
            if (col == 0)
                reinterpret_cast<float2*>(partial_state)[at] = make_float2(state.row_max[i], state.row_sum[i]);
        }
    }

private:
    /// The same of keys n … end − 1 of the tile, by the rows that see them.
    __device__ static void multiply_selected(State& state, const Shared& shared, const T* tile_v, int key_begin, int& n,
                                             int end, int row_group, int col, int window) {
#pragma unroll 1
        for (; n < end; ++n)
#pragma unroll
            for (int i = 0; i < THREAD_M; ++i) {
                const int r = row_group * THREAD_M + i;
                if (!is_seen(key_begin + n, shared.visible[r], window)) continue;
                const float p = shared.tile_p[r * P_STRIDE + n];
#pragma unroll
                for (int v = 0; v < VECTORS; ++v)
                    add_scaled(state.acc[i][v], p, load4(tile_v + n * KEY_STRIDE + (col + v * THREADS_N) * 4));
            }
    }

    __device__ static void add_scaled(float4& acc, float p, const float4& value) {
        acc.x = fmaf(p, value.x, acc.x);
        acc.y = fmaf(p, value.y, acc.y);
        acc.z = fmaf(p, value.z, acc.z);
        acc.w = fmaf(p, value.w, acc.w);
    }
};

}  // namespace stele::attention::cuda
