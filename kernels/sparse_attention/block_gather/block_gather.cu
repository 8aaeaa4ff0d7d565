// sparse_attention / block_gather — CUDA C++; siblings: block_gather.ptx.cu, block_gather.cl
//
// O[batch, heads, seq_q, head_dim] = softmax(softmax_scale · Q Kᵀ, masked) V and lse[batch, heads, seq_q], visiting the
// kept blocks only: the row of the CSR (row_begin[batch · heads · query_blocks + 1], column[kept]) that belongs to a
// query block is the list of key blocks that its loop walks over; nothing else is read. A block owns BLOCK_M query rows
// of one head. BLOCK_M and BLOCK_N divide mask_block, so that a tile lies in one mask block.
#include "kernels/attention/phases.cuh"
#include "kernels/attention/rows.cuh"
#include "kernels/common/shared.cuh"
#include "kernels/sparse_attention/tile.hpp"

namespace stele::sparse_attention::cuda {

using namespace stele::attention::cuda;

// First key of tile t of a CSR row: of its kept blocks laid end to end.
template <int BLOCK_N>
__device__ int key_of_tile(const int* column, int kept_begin, int t, int mask_block) {
    const int block_tiles = mask_block / BLOCK_N;
    return column[kept_begin + t / block_tiles] * mask_block + t % block_tiles * BLOCK_N;
}

template <typename T, int BLOCK_M, int BLOCK_N, int THREADS_N, int HEAD_DIM>
__global__ void __launch_bounds__(Tile{BLOCK_M, BLOCK_N, THREADS_N}.num_threads(),
                                  Tile{BLOCK_M, BLOCK_N, THREADS_N}.blocks_per_sm())
    sparse_attention_block_gather(const T* __restrict__ Q, const T* __restrict__ K, const T* __restrict__ V,
                                  const int* __restrict__ row_begin, const int* __restrict__ column, T* __restrict__ O,
                                  float* __restrict__ lse, int heads, int kv_heads, int seq_q, int seq_k,
                                  int mask_block, float softmax_scale, int causal) {
    using A = Phases<T, Tile{BLOCK_M, BLOCK_N, THREADS_N}, HEAD_DIM>;
    const typename A::Shared shared = A::place(dynamic_shared<unsigned char>());
    typename A::State state;
    float scores[A::THREAD_M][A::THREAD_N];

    // -- place
    const int thread = threadIdx.x;
    const int row_group = thread / THREADS_N, col = thread % THREADS_N;
    const int query_begin = blockIdx.x * BLOCK_M, head = blockIdx.y, sequence = blockIdx.z;
    const int head_row = sequence * heads + head;
    const int key_end = causal ? min(max(min(query_begin + BLOCK_M, seq_q) + seq_k - seq_q, 0), seq_k) : seq_k;
    const int mask_row = head_row * ((seq_q + mask_block - 1) / mask_block) + query_begin / mask_block;
    const int kept_begin = row_begin[mask_row];
    int tiles = (row_begin[mask_row + 1] - kept_begin) * (mask_block / BLOCK_N);
    // Columns ascend, so what lies past the last visible key is at the end of the list.
    while (tiles > 0 && key_of_tile<BLOCK_N>(column, kept_begin, tiles - 1, mask_block) >= key_end) --tiles;
    for (int r = thread; r < BLOCK_M; r += A::NUM_THREADS) {
        const int seen = causal ? query_begin + r + 1 + seq_k - seq_q : seq_k;
        shared.query_row[r] = query_begin + r < seq_q ? head_row * seq_q + query_begin + r : -1;
        shared.visible[r] = query_begin + r < seq_q ? seen : 0;
    }
    const std::size_t head_offset =
        (static_cast<std::size_t>(sequence) * kv_heads + head / (heads / kv_heads)) * seq_k * HEAD_DIM;
    A::clear(state);
    __syncthreads();

    // -- load
    A::load_query_tile(shared, Q, softmax_scale, thread);
    for (int t = 0; t < tiles; ++t) {
        const int key_begin = key_of_tile<BLOCK_N>(column, kept_begin, t, mask_block);
        A::load_key_tile(shared.tile_k, K + head_offset, key_begin, key_end, thread);
        A::load_key_tile(shared.tile_v, V + head_offset, key_begin, key_end, thread);
        __syncthreads();

        // -- score
        A::score_tile(scores, shared, shared.tile_k, key_begin, row_group, col);

        // -- softmax
        A::softmax_tile(state, scores, shared, row_group, col);
        __syncwarp();

        // -- multiply
        A::multiply_tile(state, shared, shared.tile_v, key_begin, row_group, col);
        __syncthreads();
    }

    // -- store
    A::reduce_row_sum(state);
    A::store_rows(O, lse, state, shared, row_group, col);
}

std::vector<NativeInstance> sparse_attention_block_gather() {
    NativeList list;
    for_each_instance([&]<typename T, int head_dim>(const std::string& instance) {
        for_each_tile<tiles>([&]<Tile tile>() {
            list.add<&sparse_attention_block_gather<T, tile.block_m, tile.block_n, tile.threads_n, head_dim>>(
                "sparse_attention_block_gather", text(tile) + ' ' + instance);
        });
    });
    return std::move(list);
}

}  // namespace stele::sparse_attention::cuda
