// attention / flash — CUDA C++; siblings: flash.ptx.cu, flash.cl
//
// O[batch, heads, seq_q, head_dim] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser, with the
// scores of BLOCK_M × BLOCK_N pairs at a time (FlashAttention-2, Dao 2023). The query heads that share a key-value head
// are packed into one matrix of group · seq_q rows, row = query · group + head, so that one pass over K and V serves
// them all. A block owns BLOCK_M packed rows and one of `splits` parts of the keys; with more than one part it leaves
// its state in partial_acc[splits, rows, head_dim] and partial_state[splits, rows, 2] for attention_flash_combine.
// Tiles of K and V are f32 in shared memory, whatever the storage is: a key is converted once a block.
#include "kernels/attention/flash/flash.hpp"
#include "kernels/attention/phases.cuh"
#include "kernels/attention/rows.cuh"
#include "kernels/attention/sequence.cuh"
#include "kernels/common/shared.cuh"

namespace stele::attention::cuda {

template <typename T, int BLOCK_M, int BLOCK_N, int THREADS_N, int HEAD_DIM>
__global__ void __launch_bounds__(Tile{BLOCK_M, BLOCK_N, THREADS_N}.num_threads(),
                                  Tile{BLOCK_M, BLOCK_N, THREADS_N}.blocks_per_sm())
    attention_flash(const T* __restrict__ Q, const T* __restrict__ K, const T* __restrict__ V,
                    const int* __restrict__ q_offsets, const int* __restrict__ k_offsets, T* __restrict__ O,
                    float* __restrict__ lse, float* __restrict__ partial_acc, float* __restrict__ partial_state,
                    int batch, int heads, int kv_heads, int seq_q, int seq_k, int splits, float softmax_scale,
                    int causal, int window) {
    using A = Phases<float, Tile{BLOCK_M, BLOCK_N, THREADS_N}, HEAD_DIM>;
    const typename A::Shared shared = A::place(dynamic_shared<unsigned char>());
    typename A::State state;
    float scores[A::THREAD_M][A::THREAD_N];

    // -- place
    const int thread = threadIdx.x;
    const int row_group = thread / THREADS_N, col = thread % THREADS_N;
    const int block = blockIdx.x / splits, split = blockIdx.x % splits;
    const int kv_head = blockIdx.y;
    const Sequence sequence = sequence_of(blockIdx.z, q_offsets, k_offsets, batch, heads, kv_heads, seq_q, seq_k);
    // As many whole tiles a part as make `splits` of the keys that some query sees.
    const int seen_keys = sequence.keys - sequence.first_seen(0, causal, window);
    const int split_keys = ((seen_keys + BLOCK_N - 1) / BLOCK_N + splits - 1) / splits * BLOCK_N;
    const PackedPart part =
        packed_part(sequence, heads / kv_heads, kv_head, BLOCK_M, BLOCK_N, block, split, split_keys, causal, window);
    for (int r = thread; r < BLOCK_M; r += A::NUM_THREADS) {
        shared.query_row[r] = part.row(r);
        shared.visible[r] = part.seen(r);
    }
    const int key_first = part.key_first, key_end = part.key_end;
    const std::size_t head_offset = sequence.key_row(kv_head) * HEAD_DIM;
    A::clear(state);
    __syncthreads();

    // -- load
    A::load_query_tile(shared, Q, softmax_scale, thread);
    for (int key_begin = key_first; key_begin < key_end; key_begin += BLOCK_N) {
        A::load_key_tile(shared.tile_k, K + head_offset, key_begin, key_end, thread);
        A::load_key_tile(shared.tile_v, V + head_offset, key_begin, key_end, thread);
        __syncthreads();

        // -- score
        A::score_tile(scores, shared, shared.tile_k, key_begin, row_group, col, window);

        // -- softmax
        A::softmax_tile(state, scores, shared, row_group, col);
        __syncwarp();

        // -- multiply
        A::multiply_tile(state, shared, shared.tile_v, key_begin, row_group, col, window);
        __syncthreads();
    }

    // -- store
    A::reduce_row_sum(state);
    if (splits == 1)
        A::store_rows(O, lse, state, shared, row_group, col);
    else
        A::store_part(partial_acc, partial_state, state, shared, split, sequence.all_rows, row_group, col);
}

// O and lse from the parts: each is rescaled to the largest row_max, as a tile is in the loop above. A thread owns four
// columns of a row; rows = batch · heads · seq_q.
template <typename T, int HEAD_DIM>
__global__ void __launch_bounds__(128)
    attention_flash_combine(T* __restrict__ O, float* __restrict__ lse, const float* __restrict__ partial_acc,
                            const float* __restrict__ partial_state, int rows, int splits) {
    // -- place
    const std::size_t at = static_cast<std::size_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    const std::size_t row = at / (HEAD_DIM / 4), d = at % (HEAD_DIM / 4) * 4;
    if (row >= rows) return;
    const float2* states = reinterpret_cast<const float2*>(partial_state);
    const auto at_part = [&](int split) { return static_cast<std::size_t>(split) * rows + row; };

    // -- softmax
    const Sums sums = combine_parts(
        splits, [&](int split) { return states[at_part(split)]; },
        [&](int split) { return load4(partial_acc + at_part(split) * HEAD_DIM + d); });

    // -- store
    store_sums<HEAD_DIM>(O, lse, row, static_cast<int>(d), sums);
}

std::vector<NativeInstance> attention_flash() {
    NativeList list;
    const auto add = [&]<typename T, int head_dim>(const std::string& instance) {
        for_each_tile<flash_tiles>([&]<Tile tile>() {
            if constexpr (tile.takes_head_dim(head_dim))
                list.add<&attention_flash<T, tile.block_m, tile.block_n, tile.threads_n, head_dim>>(
                    "attention_flash", text(tile) + ' ' + instance);
        });
        list.add<&attention_flash_combine<T, head_dim>>("attention_flash_combine", instance);
    };
    for_each_instance(add);
    for_each_wide_instance(add);
    for_each_element([&]<typename T>() {
        list.add<&attention_flash_combine<T, latent_value_dim>>(
            "attention_flash_combine", std::string(dtype_name<T>) + " d" + std::to_string(latent_value_dim));
    });
    return std::move(list);
}

}  // namespace stele::attention::cuda
