// attention / flash_tensor — CUDA C++; siblings: flash_tensor.ptx.cu
//
// O[batch, heads, seq_q, head_dim] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser, by
// matrix instructions (FlashAttention-2, Dao 2023). The query heads that share a key-value head are packed into one
// matrix of group · seq_q rows. A block owns BLOCK_M packed rows and walks over the keys BLOCK_N at a time;
// asynchronous copies keep a tile of K and V ahead. A warp owns WARP_M rows in fragments of nvcuda::wmma, which do not
// tell what row an element is of: scores go to their softmax through shared memory, and weights to the next product.
// The accumulators stay in registers; which rows their elements are of is read once, by loading a matrix of row
// numbers.
#include <cuda_pipeline.h>

#include "kernels/attention/flash_tensor/flash_tensor.cuh"
#include "kernels/attention/fragment_sums.cuh"
#include "kernels/common/shared.cuh"

namespace stele::attention::cuda {

template <typename T, TensorTile tile, int head_dim>
struct Warp : FlashTensor<T, tile, head_dim> {
    using Base = FlashTensor<T, tile, head_dim>;
    using Base::BLOCK_N, Base::HEAD_DIM, Base::WARP_M, Base::TILES_M, Base::STEPS_D, Base::STEPS_N, Base::PIECES;
    static constexpr int PITCH = HEAD_DIM * 2 + wmma_pad, STRIDE = PITCH / 2;
    static constexpr int QUERY_BYTES = Base::BLOCK_M * PITCH, KEY_BYTES = BLOCK_N * PITCH, STAGE_BYTES = 2 * KEY_BYTES;
    static constexpr int SCORE_STRIDE = tile.score_stride(), WEIGHT_STRIDE = tile.weight_stride();
    /// Lanes of a row, and the keys that each has of a tile: one of every LANES.
    static constexpr int LANES = 32 / WARP_M, KEYS = BLOCK_N / LANES;

    using FragmentA = wmma::fragment<wmma::matrix_a, 16, 16, 16, T, wmma::row_major>;
    using FragmentK = wmma::fragment<wmma::matrix_b, 16, 16, 16, T, wmma::col_major>;

    FragmentSums<T, TILES_M, BLOCK_N, HEAD_DIM, STRIDE> sums;
    float row_max = -INFINITY, row_sum = 0.0f;
    int seen;        ///< by this lane's row
    float* scores;   ///< [WARP_M, SCORE_STRIDE], this warp's
    T* weights;      ///< [WARP_M, WEIGHT_STRIDE]
    float* rescale;  ///< [WARP_M]

    /// Where a 16-byte piece of a tile lies.
    static __device__ __forceinline__ int place(int row, int piece) { return row * PITCH + piece * 16; }

    __device__ __forceinline__ void score(const T* tile_q, const T* tile_k) {
#pragma unroll 1
        for (int j = 0; j < STEPS_N; ++j) {
            FragmentC products[TILES_M];
#pragma unroll
            for (int i = 0; i < TILES_M; ++i) wmma::fill_fragment(products[i], 0.0f);
#pragma unroll
            for (int step = 0; step < STEPS_D; ++step) {
                FragmentK b;
                wmma::load_matrix_sync(b, tile_k + j * 16 * STRIDE + step * 16, STRIDE);
#pragma unroll
                for (int i = 0; i < TILES_M; ++i) {
                    FragmentA a;
                    wmma::load_matrix_sync(a, tile_q + i * 16 * STRIDE + step * 16, STRIDE);
                    wmma::mma_sync(products[i], a, b, products[i]);
                }
            }
#pragma unroll
            for (int i = 0; i < TILES_M; ++i)
                wmma::store_matrix_sync(scores + i * 16 * SCORE_STRIDE + j * 16, products[i], SCORE_STRIDE,
                                        wmma::mem_row_major);
        }
    }

    /// Online softmax (Milakov and Gimelshein 2018) of the lane's row: raises row_max, and leaves the factor for what
    /// was summed before and weights 2^(score − row_max), of keys that the row sees.
    __device__ __forceinline__ void softmax(float factor, int key_begin, int window, int lane) {
        const int r = lane / LANES, part = lane % LANES;
        float own[KEYS], most = row_max;
#pragma unroll
        for (int k = 0; k < KEYS; ++k) {
            const int n = k * LANES + part;
            const float score = scores[r * SCORE_STRIDE + n] * factor;
            own[k] = is_seen(key_begin + n, seen, window) ? score : -INFINITY;
            most = fmaxf(most, own[k]);
        }
#pragma unroll
        for (int other = 1; other < LANES; other *= 2) most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, other));
        // A row that has seen nothing: subtract 0, as −inf − (−inf) is NaN.
        const float base = most == -INFINITY ? 0.0f : most, factor_before = exp2f(row_max - base);
        row_max = most;
        row_sum *= factor_before;
#pragma unroll
        for (int k = 0; k < KEYS; ++k) {
            const float weight = exp2f(own[k] - base);
            row_sum += weight;
            weights[r * WEIGHT_STRIDE + k * LANES + part] = from_float<T>(weight);
        }
        if (part == 0) rescale[r] = factor_before;
    }
};

/// Q, O [batch, heads, seq_q, head_dim]; K, V [batch, kv_heads, seq_k, head_dim]; lse [batch, heads, seq_q].
template <typename T, int BLOCK_M, int BLOCK_N, int WARP_M, int HEAD_DIM>
__global__ void __launch_bounds__(BLOCK_M / WARP_M * 32)
    attention_flash_tensor(const T* __restrict__ Q, const T* __restrict__ K, const T* __restrict__ V, T* __restrict__ O,
                           float* __restrict__ lse, int heads, int kv_heads, int seq_q, int seq_k, float softmax_scale,
                           int causal, int window) {
    using W = Warp<T, TensorTile{BLOCK_M, BLOCK_N, WARP_M}, HEAD_DIM>;
    unsigned char* shared = dynamic_shared<unsigned char>();
    W own;

    // -- place
    const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
    const int kv_head = blockIdx.y, sequence = blockIdx.z;
    const PackedRows rows{heads, kv_heads, seq_q, seq_k, heads / kv_heads, causal, window};
    // Blocks that see most come first, so that the last ones to run are short.
    const int first = static_cast<int>(causal ? gridDim.x - 1 - blockIdx.x : blockIdx.x) * BLOCK_M;
    const int key_first = rows.first_seen(first), key_end = rows.seen(first + BLOCK_M - 1);
    // Keys of which each is seen by all rows of the warp.
    const int warp_row = warp * WARP_M, all_see_from = rows.first_seen(first + warp_row + WARP_M - 1);
    const int all_see_to = rows.seen(first + warp_row);
    const std::size_t head_offset = (static_cast<std::size_t>(sequence) * kv_heads + kv_head) * seq_k * HEAD_DIM;
    const float factor = softmax_scale * 1.44269504088896341f;
    unsigned char* behind = shared + W::QUERY_BYTES + 2 * W::STAGE_BYTES;
    own.scores = reinterpret_cast<float*>(behind) + warp_row * W::SCORE_STRIDE;
    behind += BLOCK_M * W::SCORE_STRIDE * 4;
    own.weights = reinterpret_cast<T*>(behind) + warp_row * W::WEIGHT_STRIDE;
    behind += BLOCK_M * W::WEIGHT_STRIDE * 2;
    own.rescale = reinterpret_cast<float*>(behind) + warp_row;
    own.seen = rows.seen(first + warp_row + lane / W::LANES);
    own.sums.find_elements(own.scores, W::SCORE_STRIDE, lane);
    own.sums.clear();
    const auto copy_piece = [](void* to, const void* from, bool inside) {
        __pipeline_memcpy_async(to, from, 16, inside ? 0 : 16);
    };
    const auto load_keys = [&](int key_begin, int stage) {
        unsigned char* to = shared + W::QUERY_BYTES + stage * W::STAGE_BYTES;
        if (key_begin < key_end) {
            W::load_keys(to, K + head_offset, key_begin, key_end, thread, W::place, copy_piece);
            W::load_keys(to + W::KEY_BYTES, V + head_offset, key_begin, key_end, thread, W::place, copy_piece);
        }
        // A group a tile, empty at the end, so that all but the latest means this tile's.
        __pipeline_commit();
    };

    // -- load
    W::load_queries(shared, Q, rows, first, kv_head, sequence, thread, W::place, copy_piece);
    load_keys(key_first, 0);
    const T* tile_q = reinterpret_cast<const T*>(shared + warp_row * W::PITCH);
    for (int key_begin = key_first, stage = 0; key_begin < key_end; key_begin += BLOCK_N, stage ^= 1) {
        const T* tile_k = reinterpret_cast<const T*>(shared + W::QUERY_BYTES + stage * W::STAGE_BYTES);
        const T* tile_v = tile_k + BLOCK_N * W::STRIDE;
        load_keys(key_begin + BLOCK_N, stage ^ 1);
        __pipeline_wait_prior(1);
        __syncthreads();

        // -- score
        own.score(tile_q, tile_k);
        __syncwarp();

        // -- softmax
        own.softmax(factor, key_begin, window, lane);
        __syncwarp();

        // -- multiply
        const bool masked = key_begin < all_see_from || key_begin + BLOCK_N > all_see_to;
        if (masked && own.sums.is_spoilt(tile_v, all_see_from - key_begin, all_see_to - key_begin, lane)) {
            own.sums.template weigh<true>(own.rescale, own.weights, W::WEIGHT_STRIDE, tile_v);
            own.sums.add_spoilt(tile_v, key_begin, window, [&](int r) { return rows.seen(first + warp_row + r); });
        } else {
            own.sums.template weigh<false>(own.rescale, own.weights, W::WEIGHT_STRIDE, tile_v);
        }
        __syncthreads();
    }

    // -- store
    const int own_row = rows.row(first + warp_row + lane / W::LANES, kv_head, sequence);
    float sum = own.row_sum;
#pragma unroll
    for (int other = 1; other < W::LANES; other *= 2) sum += __shfl_xor_sync(0xffffffffu, sum, other);
    // Not sum > 0: a NaN must stay one.
    if (lane % W::LANES == 0) {
        own.rescale[lane / W::LANES] = sum == 0.0f ? 0.0f : 1.0f / sum;
        if (own_row >= 0) lse[own_row] = (own.row_max + log2f(sum)) * 0.693147180559945309f;
    }
    __syncwarp();
    own.sums.for_each_four(own.scores, W::SCORE_STRIDE, lane, [&](int r, int d, float4 four) {
        const int row = rows.row(first + warp_row + r, kv_head, sequence);
        if (row < 0) return;
        const float inverse = own.rescale[r];
        four = make_float4(four.x * inverse, four.y * inverse, four.z * inverse, four.w * inverse);
        store4(O + static_cast<std::size_t>(row) * HEAD_DIM + d, four);
    });
}

std::vector<NativeInstance> attention_flash_tensor() {
    NativeList list;
    for_each_tensor_instance([&]<typename T, int head_dim>(const std::string& instance) {
        for_each_tile<flash_tensor_tiles>([&]<TensorTile tile>() {
            if constexpr (tile.takes_head_dim(head_dim))
                list.add<&attention_flash_tensor<T, tile.block_m, tile.block_n, tile.warp_m, head_dim>>(
                    "attention_flash_tensor", text(tile) + ' ' + instance);
        });
    });
    return std::move(list);
}

}  // namespace stele::attention::cuda
