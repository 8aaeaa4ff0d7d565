// attention / naive — CUDA with inline PTX; siblings: naive.cu, naive.cl
//
// The definition, a kernel for each of its three steps, with all scores in memory:
//   scores[batch · heads, seq_q, seq_k] = softmax_scale · Q Kᵀ, −inf where masked     one thread a score
//   scores = softmax of its rows, lse[batch · heads, seq_q] their normaliser           one block a row
//   O[batch · heads, seq_q, head_dim] = scores V                                       one thread four columns of a row
// Query head h reads key-value head h / (heads / kv_heads). PTX adds 16-byte loads that stay read-only, exchange by
// shuffles, and ex2 and lg2 at their approximate accuracy.
#include "kernels/attention/rows.cuh"
#include "kernels/attention/vectors.ptx.cuh"
#include "kernels/common/ptx/shuffle.cuh"

namespace stele::attention::ptx {

using namespace stele::ptx;

constexpr int BLOCK_M = 16, BLOCK_N = 16, NUM_THREADS = 128, WARPS = NUM_THREADS / 32;
constexpr float log2_e = 1.44269504088896341f, ln_2 = 0.693147180559945309f;

template <typename T, int HEAD_DIM>
__global__ void __launch_bounds__(BLOCK_M* BLOCK_N)
    attention_naive_score(const T* __restrict__ Q, const T* __restrict__ K, float* __restrict__ scores, int heads,
                          int kv_heads, int seq_q, int seq_k, float softmax_scale, int causal) {
    // -- place
    const int key = blockIdx.x * BLOCK_N + threadIdx.x, query = blockIdx.y * BLOCK_M + threadIdx.y;
    if (key >= seq_k || query >= seq_q) return;
    const int sequence_head = blockIdx.z;
    const int sequence = sequence_head / heads, kv_head = sequence_head % heads / (heads / kv_heads);
    const std::size_t row = static_cast<std::size_t>(sequence_head) * seq_q + query;
    const std::size_t key_row = (static_cast<std::size_t>(sequence) * kv_heads + kv_head) * seq_k + key;
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
    const bool seen = !causal || key <= query + seq_k - seq_q;
    scores[row * seq_k + key] = seen ? mul_rn_f32(softmax_scale, acc) : -INFINITY;
}

__global__ void __launch_bounds__(NUM_THREADS)
    attention_naive_softmax(float* __restrict__ scores, float* __restrict__ lse, int seq_k) {
    alignas(16) __shared__ float part[2][WARPS];

    // -- place
    const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
    const std::size_t row = blockIdx.x;
    float* row_scores = scores + row * seq_k;
    float row_max = -INFINITY, row_sum = 0.0f;

    // -- softmax
    for (int key = thread; key < seq_k; key += NUM_THREADS) row_max = max_f32(row_max, row_scores[key]);
#pragma unroll
    for (int other = 16; other > 0; other /= 2) row_max = max_f32(row_max, shfl_sync_bfly(row_max, other));
    if (lane == 0) part[0][warp] = row_max;
    __syncthreads();
#pragma unroll
    for (int other = 0; other < WARPS; ++other) row_max = max_f32(row_max, part[0][other]);
    const float base = row_max == -INFINITY ? 0.0f : row_max;
    for (int key = thread; key < seq_k; key += NUM_THREADS)
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
    for (int key = thread; key < seq_k; key += NUM_THREADS)
        row_scores[key] = mul_rn_f32(ex2_approx_ftz_f32(mul_rn_f32(row_scores[key] - base, log2_e)), inverse);
    if (thread == 0) lse[row] = fma_rn_f32(lg2_approx_ftz_f32(row_sum), ln_2, row_max);
}

template <typename T, int HEAD_DIM>
__global__ void __launch_bounds__(NUM_THREADS)
    attention_naive_weigh(const float* __restrict__ scores, const T* __restrict__ V, T* __restrict__ O, int heads,
                          int kv_heads, int seq_q, int seq_k, int causal, int rows) {
    constexpr int VECTORS = HEAD_DIM / 4;

    // -- place
    const std::size_t at = static_cast<std::size_t>(blockIdx.x) * NUM_THREADS + threadIdx.x;
    const std::size_t row = at / VECTORS, d = at % VECTORS * 4;
    if (row >= rows) return;
    const std::size_t sequence_head = row / seq_q, sequence = sequence_head / heads;
    const std::size_t kv_head = sequence_head % heads / (heads / kv_heads);
    // Beyond, a weight of 0 would make NaN of a NaN.
    const int last_seen = static_cast<int>(row % seq_q) + seq_k - seq_q;
    const int key_end = causal ? min(max(last_seen + 1, 0), seq_k) : seq_k;
    const T* values = V + (sequence * kv_heads + kv_head) * seq_k * HEAD_DIM + d;
    float4 acc = make_float4(0.0f, 0.0f, 0.0f, 0.0f);

    // -- multiply
    for (int key = 0; key < key_end; ++key)
        add_scaled(acc, __uint_as_float(ld_global_nc_b32(scores + row * seq_k + key)),
                   load_global4(values + key * HEAD_DIM));

    // -- store
    store4_streaming(O + row * HEAD_DIM + d, acc);
}

std::vector<NativeInstance> attention_naive() {
    NativeList list;
    for_each_instance([&]<typename T, int head_dim>(const std::string& instance) {
        list.add<&attention_naive_score<T, head_dim>>("attention_naive_score", instance);
        list.add<&attention_naive_softmax>("attention_naive_softmax", instance);
        list.add<&attention_naive_weigh<T, head_dim>>("attention_naive_weigh", instance);
    });
    return std::move(list);
}

}  // namespace stele::attention::ptx
