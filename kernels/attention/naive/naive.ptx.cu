// attention / naive — CUDA with inline PTX; siblings: naive.cu, naive.cl
//
// The definition, a kernel for each of its three steps, with all scores in memory:
//   scores[batch · heads, seq_q, seq_k] = softmax_scale · Q Kᵀ, −inf where masked     one thread a score
//   scores = softmax of its rows, lse[batch · heads, seq_q] their normaliser           one block a row
//   O[batch · heads, seq_q, head_dim] = scores V                                       one thread four columns of a row
// Query head h reads key-value head h / (heads / kv_heads). PTX adds 16-byte loads that stay read-only, exchange by
// shuffles, and ex2 and lg2 at their approximate accuracy.
#include "kernels/attention/rows.cuh"
#include "kernels/attention/sequence.cuh"
#include "kernels/attention/vectors.ptx.cuh"
#include "kernels/common/ptx/shuffle.cuh"

namespace stele::attention::ptx {

using namespace stele::ptx;

constexpr int BLOCK_M = 16, BLOCK_N = 16, NUM_THREADS = 128, WARPS = NUM_THREADS / 32;
constexpr float log2_e = 1.44269504088896341f, ln_2 = 0.693147180559945309f;

template <typename T, int HEAD_DIM>
__global__ void __launch_bounds__(BLOCK_M* BLOCK_N)
    attention_naive_score(const T* __restrict__ Q, const T* __restrict__ K, const int* __restrict__ q_offsets,
                          const int* __restrict__ k_offsets, float* __restrict__ scores, int batch, int heads,
                          int kv_heads, int seq_q, int seq_k, float softmax_scale, int causal, int window) {
    // -- place
    const int key = blockIdx.x * BLOCK_N + threadIdx.x, query = blockIdx.y * BLOCK_M + threadIdx.y;
    const int sequence_head = blockIdx.z, head = sequence_head % heads;
    const Sequence sequence =
        sequence_of(sequence_head / heads, q_offsets, k_offsets, batch, heads, kv_heads, seq_q, seq_k);
    if (key >= sequence.keys || query >= sequence.queries) return;
    const std::size_t row = sequence.row(head, query), key_row = sequence.key_row(head / (heads / kv_heads)) + key;
    float acc = 0.0f;

    // -- score
    constexpr int width = 16 / sizeof(T);
    for (int d = 0; d < HEAD_DIM; d += width) {
        const uint4 raw_q = ld_global_nc_l1_v4_b32(Q + row * HEAD_DIM + d);
        const uint4 raw_k = ld_global_nc_l1_v4_b32(K + key_row * HEAD_DIM + d);
#pragma unroll
        for (int w = 0; w < width / 4; ++w) {
            const float4 q = four_of<T>(raw_q, w);
            const float4 k = four_of<T>(raw_k, w);
            acc = fma_rn_f32(q.x, k.x, fma_rn_f32(q.y, k.y, fma_rn_f32(q.z, k.z, fma_rn_f32(q.w, k.w, acc))));
        }
    }

    // -- store
    const bool seen = is_seen(key, sequence.seen(query, causal), window);
    scores[(static_cast<std::size_t>(sequence_head) * seq_q + query) * seq_k + key] =
        seen ? mul_rn_f32(softmax_scale, acc) : -INFINITY;
}

__global__ void __launch_bounds__(NUM_THREADS)
    attention_naive_softmax(float* __restrict__ scores, const int* __restrict__ q_offsets,
                            const int* __restrict__ k_offsets, float* __restrict__ lse, int batch, int heads,
                            int kv_heads, int seq_q, int seq_k) {
    alignas(16) __shared__ float part[2][WARPS];

    // -- place
    const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
    const int sequence_head = blockIdx.x / seq_q, query = blockIdx.x % seq_q;
    const Sequence sequence =
        sequence_of(sequence_head / heads, q_offsets, k_offsets, batch, heads, kv_heads, seq_q, seq_k);
    if (query >= sequence.queries) return;
    float* row_scores = scores + static_cast<std::size_t>(blockIdx.x) * seq_k;
    float row_max = -INFINITY, row_sum = 0.0f;

    // -- softmax
    for (int key = thread; key < sequence.keys; key += NUM_THREADS) row_max = max_f32(row_max, row_scores[key]);
#pragma unroll
    for (int other = 16; other > 0; other /= 2) row_max = max_f32(row_max, shfl_sync_bfly(row_max, other));
    if (lane == 0) part[0][warp] = row_max;
    __syncthreads();
#pragma unroll
    for (int other = 0; other < WARPS; ++other) row_max = max_f32(row_max, part[0][other]);
    const float base = row_max == -INFINITY ? 0.0f : row_max;
    for (int key = thread; key < sequence.keys; key += NUM_THREADS)
        row_sum += ex2_approx_ftz_f32(mul_rn_f32(row_scores[key] - base, log2_e));
#pragma unroll
    for (int other = 16; other > 0; other /= 2) row_sum += shfl_sync_bfly(row_sum, other);
    if (lane == 0) part[1][warp] = row_sum;
    __syncthreads();
    row_sum = 0.0f;
#pragma unroll
    for (int other = 0; other < WARPS; ++other) row_sum += part[1][other];

    // -- store
    const float inverse = row_sum > 0.0f ? rcp_approx_ftz_f32(row_sum) : 0.0f;
    for (int key = thread; key < sequence.keys; key += NUM_THREADS)
        row_scores[key] = mul_rn_f32(ex2_approx_ftz_f32(mul_rn_f32(row_scores[key] - base, log2_e)), inverse);
    if (thread == 0)
        lse[sequence.row(sequence_head % heads, query)] = fma_rn_f32(lg2_approx_ftz_f32(row_sum), ln_2, row_max);
}

template <typename T, int HEAD_DIM>
__global__ void __launch_bounds__(NUM_THREADS)
    attention_naive_weigh(const float* __restrict__ scores, const T* __restrict__ V, const int* __restrict__ q_offsets,
                          const int* __restrict__ k_offsets, T* __restrict__ O, int batch, int heads, int kv_heads,
                          int seq_q, int seq_k, int causal, int window) {
    constexpr int VECTORS = HEAD_DIM / 4;

    // -- place
    const std::size_t at = static_cast<std::size_t>(blockIdx.x) * NUM_THREADS + threadIdx.x;
    const std::size_t score_row = at / VECTORS, d = at % VECTORS * 4;
    const int sequence_head = static_cast<int>(score_row / seq_q), query = static_cast<int>(score_row % seq_q);
    if (sequence_head >= batch * heads) return;
    const int head = sequence_head % heads;
    const Sequence sequence =
        sequence_of(sequence_head / heads, q_offsets, k_offsets, batch, heads, kv_heads, seq_q, seq_k);
    if (query >= sequence.queries) return;
    // Beyond, a weight of 0 would make NaN of a NaN.
    const int key_begin = sequence.first_seen(query, causal, window), key_end = sequence.seen(query, causal);
    const T* values = V + sequence.key_row(head / (heads / kv_heads)) * HEAD_DIM + d;
    float4 acc = make_float4(0.0f, 0.0f, 0.0f, 0.0f);

    // -- multiply
    for (int key = key_begin; key < key_end; ++key)
        add_scaled(acc, __uint_as_float(ld_global_nc_b32(scores + score_row * seq_k + key)),
                   load_global4(values + key * HEAD_DIM));

    // -- store
    store4_streaming(O + static_cast<std::size_t>(sequence.row(head, query)) * HEAD_DIM + d, acc);
}

std::vector<NativeInstance> attention_naive() {
    NativeList list;
    const auto add = [&]<typename T, int head_dim>(const std::string& instance) {
        list.add<&attention_naive_score<T, head_dim>>("attention_naive_score", instance);
        list.add<&attention_naive_softmax>("attention_naive_softmax", instance);
        list.add<&attention_naive_weigh<T, head_dim>>("attention_naive_weigh", instance);
    };
    for_each_instance(add);
    for_each_wide_instance(add);
    return std::move(list);
}

}  // namespace stele::attention::ptx
