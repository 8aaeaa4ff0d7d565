// attention / latent — CUDA C++; siblings: latent.ptx.cu, latent.cl
//
// O[batch, heads, seq_q, 512] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser, of latent
// attention (DeepSeek-V2, 2024): all heads read the same keys K[batch, 1, seq_k, 576], and of each key the first 512
// columns are its value V. So a tile of keys is loaded once for both products, and for BLOCK_M rows of the matrix of
// heads · seq_q rows that the heads are packed into, row = query · heads + head. A block owns BLOCK_M packed rows and
// one part of their keys, split_keys long, and walks over them BLOCK_N at a time, two tiles in shared memory: one is
// computed on while the next is copied. What several blocks summed, attention_flash_combine puts together. Keys lie in
// one piece a sequence, or in pages: key j of a sequence in page page_table[sequence, j / page].
#include <cuda_pipeline.h>

#include "kernels/attention/latent/latent.cuh"
#include "kernels/common/native.cuh"
#include "kernels/common/shared.cuh"

namespace stele::attention::cuda {

template <typename T, int BLOCK_M, int BLOCK_N, int THREADS_N>
__global__ void __launch_bounds__(Tile{BLOCK_M, BLOCK_N, THREADS_N}.num_threads())
    attention_latent(const T* __restrict__ Q, const T* __restrict__ K, const int* __restrict__ page_table,
                     const int* __restrict__ q_offsets, const int* __restrict__ k_offsets, T* __restrict__ O,
                     float* __restrict__ lse, float* __restrict__ partial_acc, float* __restrict__ partial_state,
                     int batch, int heads, int seq_q, int seq_k, int page_shift, int table_pages, int split_keys,
                     int splits, float softmax_scale, int causal, int window) {
    using A = Phases<T, Tile{BLOCK_M, BLOCK_N, THREADS_N}, latent_head_dim, latent_stages, latent_value_dim>;
    const typename A::Shared shared = place_latent<A, T>(dynamic_shared<unsigned char>());
    typename A::State state;
    float scores[A::THREAD_M][A::THREAD_N];

    // -- place
    const int thread = threadIdx.x;
    const int row_group = thread / THREADS_N, col = thread % THREADS_N;
    const int block = blockIdx.x / splits, split = blockIdx.x % splits;
    const Sequence sequence = sequence_of(blockIdx.z, q_offsets, k_offsets, batch, heads, 1, seq_q, seq_k);
    const KeyRows key_rows{pages_of(page_table, blockIdx.z, table_pages), page_shift, 1, 0, sequence.key_row(0)};
    const PackedPart part = packed_part(sequence, heads, 0, BLOCK_M, BLOCK_N, block, split, split_keys, causal, window);
    for (int r = thread; r < BLOCK_M; r += A::NUM_THREADS) {
        shared.query_row[r] = part.row(r);
        shared.visible[r] = part.seen(r);
    }
    const int key_first = part.key_first, key_end = part.key_end;
    const auto load_keys = [&](int key_begin, int stage) {
        T* tile = shared.tile_k + stage * A::KEY_TILE;
        const auto copy = [](T* to, const T* from, bool inside) {
            __pipeline_memcpy_async(to, from, 16, inside ? 0 : 16);
        };
        if (key_begin < key_end) A::copy_key_rows(tile, K, key_rows, key_begin, key_end, thread, copy);
        // A group a tile, empty at the end, so that all but the latest means this tile's.
        __pipeline_commit();
    };
    A::clear(state);

    // -- load
    load_keys(key_first, 0);
    __syncthreads();
    A::load_query_tile(shared, Q, softmax_scale, thread);
    for (int key_begin = key_first, stage = 0; key_begin < key_end; key_begin += BLOCK_N, stage ^= 1) {
        const T* tile_k = shared.tile_k + stage * A::KEY_TILE;
        load_keys(key_begin + BLOCK_N, stage ^ 1);
        __pipeline_wait_prior(1);
        __syncthreads();

        // -- score
        A::score_tile(scores, shared, tile_k, key_begin, row_group, col, window);

        // -- softmax
        A::softmax_tile(state, scores, shared, row_group, col);
        __syncwarp();

        // -- multiply
        A::multiply_tile(state, shared, tile_k, key_begin, row_group, col, window);
        __syncthreads();
    }

    // -- store
    A::reduce_row_sum(state);
    if (splits == 1)
        A::store_rows(O, lse, state, shared, row_group, col);
    else
        A::store_part(partial_acc, partial_state, state, shared, split, sequence.all_rows, row_group, col);
}

std::vector<NativeInstance> attention_latent() {
    NativeList list;
    for_each_element([&]<typename T>() {
        for_each_tile<latent_tiles>([&]<LatentTile tile>() {
            list.add<&attention_latent<T, tile.block_m, tile.block_n, tile.threads_n>>(
                "attention_latent", text(tile) + ' ' + dtype_name<T> + " d" + std::to_string(latent_head_dim));
        });
    });
    return std::move(list);
}

}  // namespace stele::attention::cuda
