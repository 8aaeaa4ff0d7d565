// Phases that every attention kernel without scores in memory goes through, with PTX instructions where they add
// something: cp.async for K and V, vectors with cache hints for Q and O, ex2, lg2 and rcp at their approximate
// accuracy. Siblings: phases.cuh (whose constants, shared memory and state these are), phases.clh.
#pragma once

#include "kernels/attention/phases.cuh"
#include "kernels/attention/vectors.ptx.cuh"
#include "kernels/common/ptx/cp_async.cuh"
#include "kernels/common/ptx/shuffle.cuh"

namespace stele::attention::ptx {

using namespace stele::ptx;

/// The sums of parts of a row's keys, each rescaled to the largest row_max as a tile is: state_of(part) is (row_max,
/// row_sum), acc_of(part) is asked for where something was seen.
template <typename StateOf, typename AccOf>
__device__ Sums combine_parts(int parts, StateOf&& state_of, AccOf&& acc_of) {
    Sums sums{make_float4(0.0f, 0.0f, 0.0f, 0.0f), -INFINITY, 0.0f};
    for (int part = 0; part < parts; ++part) sums.row_max = max_f32(sums.row_max, state_of(part).x);
    const float base = sums.row_max == -INFINITY ? 0.0f : sums.row_max;
    for (int part = 0; part < parts; ++part) {
        const float2 state = state_of(part);
        if (state.y == 0.0f) continue;
        const float rescale = ex2_approx_ftz_f32(state.x - base);
        sums.row_sum = fma_rn_f32(state.y, rescale, sums.row_sum);
        add_scaled(sums.acc, rescale, acc_of(part));
    }
    return sums;
}

/// O = acc / row_sum at columns d … d + 3 of a row, and with the first of them lse = ln Σ e^score; 0 and −inf where
/// nothing was seen.
template <int VALUE_DIM, typename T>
__device__ void store_sums(T* O, float* lse, std::size_t row, int d, const Sums& sums) {
    const float inverse = sums.row_sum > 0.0f ? rcp_approx_ftz_f32(sums.row_sum) : 0.0f;
    store4_streaming(O + row * VALUE_DIM + d, scaled(sums.acc, inverse));
    if (d == 0) lse[row] = (sums.row_max + lg2_approx_ftz_f32(sums.row_sum)) * 0.693147180559945309f;
}

template <typename T, Tile tile, int head_dim, int stages, int value_dim = head_dim>
struct Phases : cuda::Phases<T, tile, head_dim, stages, value_dim> {
    using Base = cuda::Phases<T, tile, head_dim, stages, value_dim>;
    using Base::BLOCK_M, Base::BLOCK_N, Base::THREADS_N, Base::THREAD_M, Base::THREAD_N, Base::NUM_THREADS;
    using Base::HEAD_DIM, Base::VALUE_DIM, Base::VECTORS, Base::QUERY_STRIDE, Base::KEY_STRIDE, Base::P_STRIDE;
    using typename Base::Shared, typename Base::State;

    /// tile_q[r][d] = Q[query_row[r]][d] · softmax_scale · log2(e), so that ex2 of a score is its weight. 16 bytes a
    /// load.
    template <typename Stored>
    __device__ static void load_query_tile(const Shared& shared, const Stored* Q, float softmax_scale, int thread) {
        constexpr int width = 16 / sizeof(Stored), chunks = HEAD_DIM / width;
        const float factor = mul_rn_f32(softmax_scale, 1.44269504088896341f);
        for (int i = thread; i < BLOCK_M * chunks; i += NUM_THREADS) {
            const int r = i / chunks, d = i % chunks * width;
            uint4 raw = make_uint4(0, 0, 0, 0);
            if (shared.query_row[r] >= 0)
                raw = ld_global_nc_v4_b32(Q + static_cast<std::size_t>(shared.query_row[r]) * HEAD_DIM + d);
#pragma unroll
            for (int w = 0; w < width / 4; ++w)
                st_shared_v4_b32(shared.tile_q + r * QUERY_STRIDE + d + w * 4,
                                 pack<float>(scaled(four_of<Stored>(raw, w), factor)));
        }
    }

    /// tile[n][d] = tensor[row_of(key_begin + n)][d] of one head's K or V, once its group has been waited for.
    template <typename Stored, typename RowOf>
    __device__ static void load_key_rows(Stored* tile_kv, const Stored* tensor, RowOf&& row_of, int key_begin,
                                         int key_end, int thread) {
        Base::copy_key_rows(
            tile_kv, tensor, row_of, key_begin, key_end, thread,
            [](Stored* to, const Stored* from, bool inside) { cp_async_cg_16(to, from, inside ? 16 : 0); });
    }
    template <typename Stored>
    __device__ static void load_key_tile(Stored* tile_kv, const Stored* rows, int key_begin, int key_end, int thread) {
        load_key_rows(tile_kv, rows, [](int key) { return key; }, key_begin, key_end, thread);
    }

    /// tile[n][d] = landed[n][d] as f32, of the 16 bytes that this thread copied: it need not wait for others' copies.
    template <typename Stored>
    __device__ static void widen_key_tile(float* tile_kv, const Stored* landed, int thread) {
        Base::template for_each_piece<Stored>(thread, [&](int n, int d) {
            const uint4 raw = ld_shared_v4_b32(landed + n * Base::template STRIDE_OF<Stored> + d);
            float* to = tile_kv + n * KEY_STRIDE + d;
            st_shared_v4_b32(to, pack<float>(four_of<Stored>(raw, 0)));
            st_shared_v4_b32(to + 4, pack<float>(four_of<Stored>(raw, 1)));
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
            for (int j = 0; j < THREAD_N; ++j) k[j] = load_shared4(tile_k + (col + j * THREADS_N) * KEY_STRIDE + d);
#pragma unroll
            for (int i = 0; i < THREAD_M; ++i) {
                const float4 q = load_shared4(shared.tile_q + (row_group * THREAD_M + i) * QUERY_STRIDE + d);
#pragma unroll
                for (int j = 0; j < THREAD_N; ++j) {
                    scores[i][j] = fma_rn_f32(q.x, k[j].x, scores[i][j]);
                    scores[i][j] = fma_rn_f32(q.y, k[j].y, scores[i][j]);
                    scores[i][j] = fma_rn_f32(q.z, k[j].z, scores[i][j]);
                    scores[i][j] = fma_rn_f32(q.w, k[j].w, scores[i][j]);
                }
            }
        }
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i) {
            const int seen = static_cast<int>(ld_shared_b32(shared.visible + row_group * THREAD_M + i));
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
            for (int j = 0; j < THREAD_N; ++j) new_max = max_f32(new_max, scores[i][j]);
#pragma unroll
            for (int other = THREADS_N / 2; other > 0; other /= 2)
                new_max = max_f32(new_max, shfl_sync_bfly(new_max, other));
            // A row that has seen nothing: subtract 0, as −inf − (−inf) is NaN.
            const float base = new_max == -INFINITY ? 0.0f : new_max;
            const float rescale = ex2_approx_ftz_f32(state.row_max[i] - base);
            state.row_max[i] = new_max;
            state.row_sum[i] = mul_rn_f32(state.row_sum[i], rescale);
#pragma unroll
            for (int v = 0; v < VECTORS; ++v) state.acc[i][v] = scaled(state.acc[i][v], rescale);
#pragma unroll
            for (int j = 0; j < THREAD_N; ++j) {
                const float p = ex2_approx_ftz_f32(scores[i][j] - base);
                state.row_sum[i] += p;
                st_shared_b32(shared.tile_p + (row_group * THREAD_M + i) * P_STRIDE + col + j * THREADS_N,
                              __float_as_uint(p));
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
            if (static_cast<int>(ld_shared_b32(shared.query_row + r)) < 0) continue;
            const int seen = static_cast<int>(ld_shared_b32(shared.visible + r)) - key_begin;
            begin = max(begin, seen - window);
            end = min(end, seen);
        }
        begin = min((begin + 3) / 4 * 4, BLOCK_N);  // four weights are one load
        multiply_selected(state, shared, tile_v, key_begin, n, begin, row_group, col, window);
#pragma unroll 1
        for (; n + 4 <= end; n += 4) {
            float4 p[THREAD_M];
#pragma unroll
            for (int i = 0; i < THREAD_M; ++i)
                p[i] = load_shared4(shared.tile_p + (row_group * THREAD_M + i) * P_STRIDE + n);
#pragma unroll
            for (int v = 0; v < VECTORS; ++v) {
                const T* column = tile_v + n * KEY_STRIDE + (col + v * THREADS_N) * 4;
                const float4 v0 = load_shared4(column), v1 = load_shared4(column + KEY_STRIDE);
                const float4 v2 = load_shared4(column + 2 * KEY_STRIDE), v3 = load_shared4(column + 3 * KEY_STRIDE);
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
                state.row_sum[i] += shfl_sync_bfly(state.row_sum[i], other);
    }

    /// O = acc / row_sum and lse = ln Σ e^score of this thread's rows; 0 and −inf where nothing was seen.
    template <typename Stored>
    __device__ static void store_rows(Stored* O, float* lse, const State& state, const Shared& shared, int row_group,
                                      int col) {
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i) {
            const int row = shared.query_row[row_group * THREAD_M + i];
            if (row < 0) continue;
            const float inverse = state.row_sum[i] > 0.0f ? rcp_approx_ftz_f32(state.row_sum[i]) : 0.0f;
#pragma unroll
            for (int v = 0; v < VECTORS; ++v)
                store4_streaming(O + static_cast<std::size_t>(row) * VALUE_DIM + (col + v * THREADS_N) * 4,
                                 scaled(state.acc[i][v], inverse));
            if (col == 0) lse[row] = (state.row_max[i] + lg2_approx_ftz_f32(state.row_sum[i])) * 0.693147180559945309f;
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
                store4_streaming(partial_acc + at * VALUE_DIM + (col + v * THREADS_N) * 4, state.acc[i][v]);
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
                if (!is_seen(key_begin + n, static_cast<int>(ld_shared_b32(shared.visible + r)), window)) continue;
                const float p = __uint_as_float(ld_shared_b32(shared.tile_p + r * P_STRIDE + n));
#pragma unroll
                for (int v = 0; v < VECTORS; ++v)
                    add_scaled(state.acc[i][v], p, load_shared4(tile_v + n * KEY_STRIDE + (col + v * THREADS_N) * 4));
            }
    }
};

}  // namespace stele::attention::ptx
