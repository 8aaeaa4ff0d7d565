// attention / flash_tensor — CUDA C++ with PTX; siblings: flash_tensor.cu
//
// O[batch, heads, seq_q, head_dim] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser, by
// matrix instructions (FlashAttention-2, Dao 2023). The query heads that share a key-value head are packed into one
// matrix of group · seq_q rows. A block owns BLOCK_M packed rows and walks over the keys BLOCK_N at a time; cp.async
// keeps a tile of K and V ahead. A warp owns WARP_M rows: mma.sync leaves their scores in registers, where they become
// weights, and these are the operand of the next mma.sync as they lie. Tiles lie in shared memory as in global memory,
// their 16-byte pieces permuted so that no eight rows of one ldmatrix meet in a bank.
#include "kernels/attention/flash_tensor/flash_tensor.cuh"
#include "kernels/attention/matrix_rows.ptx.cuh"
#include "kernels/common/ptx/cp_async.cuh"
#include "kernels/common/shared.cuh"

namespace stele::attention::ptx {

using namespace stele::ptx;

template <typename T, TensorTile tile, int head_dim>
struct Warp : FlashTensor<T, tile, head_dim>, MatrixRows<T, tile.warp_m / 16, tile.block_n, head_dim> {
    using Tile = FlashTensor<T, tile, head_dim>;
    using Rows = MatrixRows<T, tile.warp_m / 16, tile.block_n, head_dim>;
    using Tile::TILES_M, Tile::STEPS_N, Tile::STEPS_D, Rows::scores;
    static constexpr int PITCH = head_dim * 2, QUERY_BYTES = tile.block_m * PITCH, KEY_BYTES = tile.block_n * PITCH;
    static constexpr int STAGE_BYTES = 2 * KEY_BYTES;

    /// Where a 16-byte piece of a tile lies.
    static __device__ __forceinline__ int place(int row, int piece) { return row * PITCH + (piece ^ row % 8) * 16; }

    __device__ __forceinline__ void score(const unsigned char* tile_q, const unsigned char* tile_k, int lane) {
        Rows::clear_scores();
        // Not unrolled: an assembler with all steps in sight fetches ahead until registers run out.
#pragma unroll 1
        for (int step = 0; step < STEPS_D; ++step) {
            std::uint32_t a[TILES_M][4], b[4];
#pragma unroll
            for (int i = 0; i < TILES_M; ++i)
                ldmatrix_x4(a[i], tile_q + place(i * 16 + lane % 16, step * 2 + lane / 16));
#pragma unroll
            for (int j = 0; j < STEPS_N; ++j) {
                ldmatrix_x4(b, tile_k + place(j * 16 + lane % 8 + lane / 16 * 8, step * 2 + lane / 8 % 2));
#pragma unroll
                for (int i = 0; i < TILES_M; ++i) {
                    multiply(four(scores[i] + 8 * j), a[i], {b[0], b[1]}, T());
                    multiply(four(scores[i] + 8 * j + 4), a[i], {b[2], b[3]}, T());
                }
            }
        }
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
    const float factor = mul_rn_f32(softmax_scale, 1.44269504088896341f);
    own.clear();
#pragma unroll
    for (int i = 0; i < W::TILES_M; ++i)
#pragma unroll
        for (int h = 0; h < 2; ++h) own.seen[i][h] = rows.seen(first + warp_row + i * 16 + h * 8 + lane / 4);
    const auto copy_piece = [](void* to, const void* from, bool inside) { cp_async_cg_16(to, from, inside ? 16 : 0); };
    const auto load_keys = [&](int key_begin, int stage) {
        unsigned char* to = shared + W::QUERY_BYTES + stage * W::STAGE_BYTES;
        if (key_begin < key_end) {
            W::load_keys(to, K + head_offset, key_begin, key_end, thread, W::place, copy_piece);
            W::load_keys(to + W::KEY_BYTES, V + head_offset, key_begin, key_end, thread, W::place, copy_piece);
        }
        // A group a tile, empty at the end, so that all but the latest means this tile's.
        cp_async_commit_group();
    };

    // -- load
    W::load_queries(shared, Q, rows, first, kv_head, sequence, thread, W::place, copy_piece);
    load_keys(key_first, 0);
    const unsigned char* tile_q = shared + warp_row * W::PITCH;
    for (int key_begin = key_first, stage = 0; key_begin < key_end; key_begin += BLOCK_N, stage ^= 1) {
        const unsigned char* tile_k = shared + W::QUERY_BYTES + stage * W::STAGE_BYTES;
        const unsigned char* tile_v = tile_k + W::KEY_BYTES;
        load_keys(key_begin + BLOCK_N, stage ^ 1);
        cp_async_wait_group<1>();
        __syncthreads();

        // -- score
        const bool masked = key_begin < all_see_from || key_begin + BLOCK_N > all_see_to;
        own.score(tile_q, tile_k, lane);
        own.scale_scores(factor);
        if (masked) own.mask(key_begin, window, lane);

        // -- softmax
        float rescale[W::TILES_M][2];
        own.softmax(rescale);
        own.pack();
        own.scale_acc(rescale);

        // -- multiply
        if (masked && vote_sync_any(W::any_spoilt(tile_v, all_see_from - key_begin, all_see_to - key_begin, lane, 32,
                                                  W::place))) {
            own.template weigh<true>(tile_v, lane, W::place);
            own.add_spoilt(tile_v, key_begin, window, lane, W::place);
        } else {
            own.template weigh<false>(tile_v, lane, W::place);
        }
        __syncthreads();
    }

    // -- store
    cp_async_wait_all();
    __syncthreads();
    unsigned char* staging = shared + warp_row * W::PITCH;
    const auto row_of = [&](int r) { return rows.row(first + warp_row + r, kv_head, sequence); };
    own.finish(staging, lse, lane, W::place, row_of);
    __syncwarp();
    store_staged<WARP_M, HEAD_DIM>(O, staging, lane, W::place, row_of);
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

}  // namespace stele::attention::ptx
