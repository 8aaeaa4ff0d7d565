// attention / latent_tensor — CUDA C++; siblings: latent_tensor.ptx.cu
//
// O[batch, heads, seq_q, 512] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser, of latent
// attention (DeepSeek-V2, 2024) by matrix instructions: all heads read the same keys K[batch, 1, seq_k, 576], of each
// of which the first 512 columns are its value V. A tile of BLOCK_N keys is copied once for both products and for
// BLOCK_M rows of the matrix of heads · seq_q rows that the heads are packed into, row = query · heads + head;
// asynchronous copies keep the next tile on its way. Warps share the fragments of the scores, which go to their softmax
// through shared memory, as fragments of nvcuda::wmma do not tell what row an element is of; some threads of the block
// have a row. For O a warp owns all rows and 512 / WARPS columns, as no warp's registers hold 512. A block has one part
// of the keys, split_keys long; what several blocks summed, attention_flash_combine puts together. Keys lie in one
// piece a sequence, or in pages: key j of a sequence in page page_table[sequence, j / page].
#include <cuda_pipeline.h>

#include "kernels/attention/fragment_sums.cuh"
#include "kernels/attention/latent_tensor/latent_tensor.cuh"
#include "kernels/common/shared.cuh"

namespace stele::attention::cuda {

template <typename T, LatentTensorTile tile>
struct LatentWarp : LatentTensor<T, tile> {
    using Base = LatentTensor<T, tile>;
    using Base::BLOCK_M, Base::BLOCK_N, Base::HEAD_DIM, Base::TILES_M, Base::WARPS, Base::WEIGHT_STRIDE;
    using typename Base::Rows;
    static constexpr int PITCH = HEAD_DIM * 2 + 16, STRIDE = PITCH / 2, SCORE_STRIDE = tile.score_stride();
    static constexpr int QUERY_BYTES = BLOCK_M * PITCH, KEY_BYTES = BLOCK_N * PITCH;
    /// Threads of a row, all of one warp, and the keys that each has of a tile: one of every LANES.
    static constexpr int LANES = Base::NUM_THREADS / BLOCK_M, KEYS = BLOCK_N / LANES;
    /// For a fragment of O on its way out, in the place of Q.
    static constexpr int STAGING_STRIDE = 20, STAGING = 16 * STAGING_STRIDE;
    static_assert(32 % LANES == 0 && BLOCK_N % LANES == 0 && WARPS * STAGING * 4 <= QUERY_BYTES);

    using FragmentQ = wmma::fragment<wmma::matrix_a, 16, 16, 16, T, wmma::row_major>;
    using FragmentK = wmma::fragment<wmma::matrix_b, 16, 16, 16, T, wmma::col_major>;

    /// Of all rows of the block and the warp's columns.
    FragmentSums<T, TILES_M, BLOCK_N, Base::WARP_COLUMNS, STRIDE> sums;
    /// Of the thread's row; row_sum of its own keys.
    float row_max = -INFINITY, row_sum = 0.0f;

    /// Where a 16-byte piece of a tile lies.
    static __device__ __forceinline__ int place(int row, int piece) { return row * PITCH + piece * 16; }

    /// scores = tile_q tile_kᵀ, the warp's share of its fragments.
    static __device__ __forceinline__ void score(float* scores, const T* tile_q, const T* tile_k, int warp) {
        for (int f = warp; f < TILES_M * (BLOCK_N / 16); f += WARPS) {
            const int i = f % TILES_M, j = f / TILES_M;
            FragmentC products;
            wmma::fill_fragment(products, 0.0f);
#pragma unroll 4
            for (int step = 0; step < HEAD_DIM / 16; ++step) {
                FragmentQ a;
                FragmentK b;
                wmma::load_matrix_sync(a, tile_q + i * 16 * STRIDE + step * 16, STRIDE);
                wmma::load_matrix_sync(b, tile_k + j * 16 * STRIDE + step * 16, STRIDE);
                wmma::mma_sync(products, a, b, products);
            }
            wmma::store_matrix_sync(scores + i * 16 * SCORE_STRIDE + j * 16, products, SCORE_STRIDE,
                                    wmma::mem_row_major);
        }
    }

    /// Online softmax (Milakov and Gimelshein 2018) of the thread's row: raises row_max, and leaves the factor for what
    /// was summed before and weights 2^(score − row_max), of keys that the row sees.
    __device__ __forceinline__ void softmax(const Rows& rows, float factor, int key_begin, int seen, int window,
                                            int thread) {
        const int r = thread / LANES, part = thread % LANES;
        float own[KEYS], most = row_max;
#pragma unroll
        for (int k = 0; k < KEYS; ++k) {
            const int n = k * LANES + part;
            const float score = rows.scores[r * SCORE_STRIDE + n] * factor;
            own[k] = is_seen(key_begin + n, seen, window) ? score : -INFINITY;
            most = fmaxf(most, own[k]);
        }
#pragma unroll
        for (int other = 1; other < LANES; other *= 2) most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, other));
        // A row that has seen nothing: subtract 0, as −inf − (−inf) is NaN.
        const float base = most == -INFINITY ? 0.0f : most, before = exp2f(row_max - base);
        row_max = most;
        row_sum *= before;
#pragma unroll
        for (int k = 0; k < KEYS; ++k) {
            const float weight = exp2f(own[k] - base);
            row_sum += weight;
            rows.weights[r * WEIGHT_STRIDE + k * LANES + part] = from_float<T>(weight);
        }
        if (part == 0) rows.rescale[r] = before;
    }
};

/// Q [batch, heads, seq_q, 576]; O [batch, heads, seq_q, 512]; lse [batch, heads, seq_q]. page_table is null where keys
/// are not in pages, the offsets [batch + 1] where sequences have one length.
template <typename T, int BLOCK_M, int BLOCK_N, int WARPS>
__global__ void __launch_bounds__(WARPS * 32, LatentTensorTile::threads_per_sm / WARPS / 32)
    attention_latent_tensor(const T* __restrict__ Q, const T* __restrict__ K, const int* __restrict__ page_table,
                            const int* __restrict__ q_offsets, const int* __restrict__ k_offsets, T* __restrict__ O,
                            float* __restrict__ lse, float* __restrict__ partial_acc, float* __restrict__ partial_state,
                            int batch, int heads, int seq_q, int seq_k, int page_shift, int table_pages, int split_keys,
                            int splits, float softmax_scale, int causal, int window) {
    using W = LatentWarp<T, LatentTensorTile{BLOCK_M, BLOCK_N, WARPS}>;
    unsigned char* shared = dynamic_shared<unsigned char>();
    const typename W::Rows rows = W::place_rows(shared + W::QUERY_BYTES + W::STAGES * W::KEY_BYTES);
    W own;

    // -- place
    const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
    const int block = blockIdx.x / splits, split = blockIdx.x % splits;
    const Sequence sequence = sequence_of(blockIdx.z, q_offsets, k_offsets, batch, heads, 1, seq_q, seq_k);
    const KeyRows key_rows{pages_of(page_table, blockIdx.z, table_pages), page_shift, 1, 0, sequence.key_row(0)};
    const PackedPart part = packed_part(sequence, heads, 0, BLOCK_M, BLOCK_N, block, split, split_keys, causal, window);
    for (int r = thread; r < BLOCK_M; r += W::NUM_THREADS) {
        rows.query_row[r] = part.row(r);
        rows.visible[r] = part.seen(r);
    }
    // The thread's row of the softmax, and its warp's columns of O.
    const int own_row = thread / W::LANES, own_seen = part.seen(own_row), first_column = warp * W::WARP_COLUMNS;
    // Keys of which each is seen by all rows of the block.
    const int all_see_from = sequence.first_seen(part.last_query, causal, window), all_see_to = part.seen(0);
    const float factor = softmax_scale * 1.44269504088896341f;
    float* staging = reinterpret_cast<float*>(shared) + warp * W::STAGING;
    own.sums.find_elements(staging, W::STAGING_STRIDE, lane);
    own.sums.clear();
    const auto copy_piece = [](void* to, const void* from, bool inside) {
        __pipeline_memcpy_async(to, from, 16, inside ? 0 : 16);
    };
    const auto load_keys = [&](int key_begin, int stage) {
        if (key_begin < part.key_end)
            W::template copy_keys<BLOCK_N>(shared + W::QUERY_BYTES + stage * W::KEY_BYTES, K, key_rows, key_begin,
                                           part.key_end, thread, W::place, copy_piece);
        __pipeline_commit();
    };
    __syncthreads();

    // -- load
    W::template copy_rows<BLOCK_M>(shared, Q, thread, [&](int r) { return part.row(r); }, W::place, copy_piece);
    load_keys(part.key_first, 0);
    const T* tile_q = reinterpret_cast<const T*>(shared);
    for (int key_begin = part.key_first, stage = 0; key_begin < part.key_end; key_begin += BLOCK_N, stage ^= 1) {
        const T* tile_k = reinterpret_cast<const T*>(shared + W::QUERY_BYTES + stage * W::KEY_BYTES);
        __pipeline_wait_prior(0);
        // Behind it all have done with the other stage too.
        __syncthreads();
        load_keys(key_begin + BLOCK_N, stage ^ 1);

        // -- score
        W::score(rows.scores, tile_q, tile_k, warp);
        __syncthreads();

        // -- softmax
        own.softmax(rows, factor, key_begin, own_seen, window, thread);
        __syncthreads();

        // -- multiply
        const T* tile_v = tile_k + first_column;
        const bool masked = key_begin < all_see_from || key_begin + BLOCK_N > all_see_to;
        if (masked && own.sums.is_spoilt(tile_v, all_see_from - key_begin, all_see_to - key_begin, lane)) {
            own.sums.template weigh<true>(rows.rescale, rows.weights, W::WEIGHT_STRIDE, tile_v);
            own.sums.add_spoilt(tile_v, key_begin, window, [&](int r) { return rows.visible[r]; });
        } else {
            own.sums.template weigh<false>(rows.rescale, rows.weights, W::WEIGHT_STRIDE, tile_v);
        }
    }

    // -- store
    __pipeline_wait_prior(0);
    __syncthreads();
    float sum = own.row_sum;
#pragma unroll
    for (int other = 1; other < W::LANES; other *= 2) sum += __shfl_xor_sync(0xffffffffu, sum, other);
    const auto at_part = [&](int row) { return static_cast<std::size_t>(split) * sequence.all_rows + row; };
    if (thread % W::LANES == 0) {
        const int row = rows.query_row[own_row];
        // Not sum > 0: a NaN must stay one.
        rows.rescale[own_row] = sum == 0.0f ? 0.0f : 1.0f / sum;
        if (row >= 0 && splits == 1) lse[row] = (own.row_max + log2f(sum)) * 0.693147180559945309f;
        if (row >= 0 && splits > 1)
            reinterpret_cast<float2*>(partial_state)[at_part(row)] = make_float2(own.row_max, sum);
    }
    __syncthreads();
    own.sums.for_each_four(staging, W::STAGING_STRIDE, lane, [&](int r, int d, float4 four) {
        const int row = rows.query_row[r];
        if (row < 0) return;
        if (splits > 1) return store4(partial_acc + at_part(row) * W::VALUE_DIM + first_column + d, four);
        const float inverse = rows.rescale[r];
        four = make_float4(four.x * inverse, four.y * inverse, four.z * inverse, four.w * inverse);
        store4(O + static_cast<std::size_t>(row) * W::VALUE_DIM + first_column + d, four);
    });
}

std::vector<NativeInstance> attention_latent_tensor() {
    NativeList list;
    for_each_latent_instance([&]<typename T>(const std::string& instance) {
        for_each_tile<latent_tensor_wmma_tiles>([&]<LatentTensorTile tile>() {
            list.add<&attention_latent_tensor<T, tile.block_m, tile.block_n, tile.warps>>("attention_latent_tensor",
                                                                                          text(tile) + ' ' + instance);
        });
    });
    return std::move(list);
}

}  // namespace stele::attention::cuda
