// attention / flash_split — CUDA C++; siblings: flash_split.ptx.cu, flash_split.cl
//
// O[batch, heads, seq_q, head_dim] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser, for few
// queries and many keys: decoding. The query heads that share a key-value head are packed into one matrix of
// group · seq_q rows, row = query · group + head. A block owns BLOCK_M packed rows and one part of their keys,
// split_keys long; within it each warp walks over tiles of BLOCK_N keys of its own, and no warp waits for another until
// all have summed. What several blocks summed, attention_flash_combine puts together. Keys lie in one piece a sequence,
// or in pages: key j of a sequence in page page_table[sequence, j / page].
#include <cuda_pipeline.h>

#include "kernels/attention/flash_split/flash_split.cuh"
#include "kernels/attention/phases.cuh"
#include "kernels/attention/rows.cuh"
#include "kernels/attention/sequence.cuh"
#include "kernels/common/shared.cuh"

namespace stele::attention::cuda {

template <typename T, int BLOCK_M, int BLOCK_N, int THREADS_N, int WARPS, int HEAD_DIM>
__global__ void __launch_bounds__(WARPS * 32, split_threads_per_sm<T> / WARPS / 32)
    attention_flash_split(const T* __restrict__ Q, const T* __restrict__ K, const T* __restrict__ V,
                          const int* __restrict__ page_table, const int* __restrict__ q_offsets,
                          const int* __restrict__ k_offsets, T* __restrict__ O, float* __restrict__ lse,
                          float* __restrict__ partial_acc, float* __restrict__ partial_state, int batch, int heads,
                          int kv_heads, int seq_q, int seq_k, int page_shift, int table_pages, int split_keys,
                          int splits, float softmax_scale, int causal, int window) {
    using A = Phases<T, Tile{BLOCK_M, BLOCK_N, THREADS_N}, HEAD_DIM>;
    const SplitMemory<A, T, SplitTile{BLOCK_M, BLOCK_N, THREADS_N, WARPS}> memory{dynamic_shared<unsigned char>()};
    typename A::State state;
    float scores[A::THREAD_M][A::THREAD_N];

    // -- place
    const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
    const int row_group = lane / THREADS_N, col = lane % THREADS_N;
    const int block = blockIdx.x / splits, split = blockIdx.x % splits, kv_head = blockIdx.y;
    const Sequence sequence = sequence_of(blockIdx.z, q_offsets, k_offsets, batch, heads, kv_heads, seq_q, seq_k);
    const KeyRows key_rows{pages_of(page_table, blockIdx.z, table_pages), page_shift, kv_heads, kv_head,
                           sequence.key_row(kv_head)};
    const typename A::Shared shared = memory.place(warp);
    const PackedPart part =
        packed_part(sequence, heads / kv_heads, kv_head, BLOCK_M, BLOCK_N, block, split, split_keys, causal, window);
    for (int r = thread; r < BLOCK_M; r += WARPS * 32) {
        shared.query_row[r] = part.row(r);
        shared.visible[r] = part.seen(r);
    }
    const int key_first = part.key_first + warp * BLOCK_N, key_end = part.key_end;
    const auto load_keys = [&](T* tile, const T* tensor, int key_begin) {
        const auto copy = [](T* to, const T* from, bool inside) {
            __pipeline_memcpy_async(to, from, 16, inside ? 0 : 16);
        };
        if (key_begin < key_end) A::copy_key_rows(tile, tensor, key_rows, key_begin, key_end, lane, copy);
        // A group a tile, empty at the end, so that all but the latest means the one before.
        __pipeline_commit();
    };
    A::clear(state);

    // -- load
    load_keys(shared.tile_k, K, key_first);
    load_keys(shared.tile_v, V, key_first);
    __syncthreads();
    if (warp == 0) A::load_query_tile(shared, Q, softmax_scale, lane);
    __syncthreads();
    for (int key_begin = key_first; key_begin < key_end; key_begin += WARPS * BLOCK_N) {
        __pipeline_wait_prior(1);
        __syncwarp();

        // -- score
        A::score_tile(scores, shared, shared.tile_k, key_begin, row_group, col, window);
        __syncwarp();
        load_keys(shared.tile_k, K, key_begin + WARPS * BLOCK_N);

        // -- softmax
        A::softmax_tile(state, scores, shared, row_group, col);
        __pipeline_wait_prior(1);
        __syncwarp();

        // -- multiply
        A::multiply_tile(state, shared, shared.tile_v, key_begin, row_group, col, window);
        __syncwarp();
        load_keys(shared.tile_v, V, key_begin + WARPS * BLOCK_N);
    }

    // -- store
    A::reduce_row_sum(state);
    for (int i = 0; i < A::THREAD_M; ++i) {
        const int r = row_group * A::THREAD_M + i;
        for (int v = 0; v < A::VECTORS; ++v)
            store4(memory.acc_of(warp) + r * HEAD_DIM + (col + v * THREADS_N) * 4, state.acc[i][v]);
        if (col == 0) memory.state_of(warp)[r] = make_float2(state.row_max[i], state.row_sum[i]);
    }
    __syncthreads();
    for (int i = thread; i < BLOCK_M * HEAD_DIM / 4; i += WARPS * 32) {
        const int r = i / (HEAD_DIM / 4), d = i % (HEAD_DIM / 4) * 4, row = shared.query_row[r];
        if (row < 0) continue;
        const Sums sums = combine_parts(
            WARPS, [&](int other) { return memory.state_of(other)[r]; },
            [&](int other) { return load4(memory.acc_of(other) + r * HEAD_DIM + d); });
        const std::size_t at = static_cast<std::size_t>(split) * sequence.all_rows + row;
        if (splits == 1) {
            store_sums<HEAD_DIM>(O, lse, row, d, sums);
        } else {
            if (sums.row_sum != 0.0f) store4(partial_acc + at * HEAD_DIM + d, sums.acc);
            if (d == 0) reinterpret_cast<float2*>(partial_state)[at] = make_float2(sums.row_max, sums.row_sum);
        }
    }
}

std::vector<NativeInstance> attention_flash_split() {
    NativeList list;
    const auto add = [&]<typename T, int head_dim>(const std::string& instance) {
        for_each_tile<split_tiles>([&]<SplitTile tile>() {
            if constexpr (tile.takes_head_dim(head_dim))
                list.add<&attention_flash_split<T, tile.block_m, tile.block_n, tile.threads_n, tile.warps, head_dim>>(
                    "attention_flash_split", text(tile) + ' ' + instance);
        });
    };
    for_each_instance(add);
    for_each_wide_instance(add);
    return std::move(list);
}

}  // namespace stele::attention::cuda
