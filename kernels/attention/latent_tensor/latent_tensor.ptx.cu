// attention / latent_tensor — CUDA C++ with PTX; siblings: latent_tensor.cu
//
// O[batch, heads, seq_q, 512] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser, of latent
// attention (DeepSeek-V2, 2024) by matrix instructions: all heads read the same keys K[batch, 1, seq_k, 576], of each
// of which the first 512 columns are its value V. A tile of BLOCK_N keys is copied once for both products and for
// BLOCK_M rows of the matrix of heads · seq_q rows that the heads are packed into, row = query · heads + head; cp.async
// keeps the next tile on its way. For the scores a warp owns 16 rows and some keys: mma.sync leaves them in its
// registers. Warps with the same rows exchange maxima, and all leave weights in shared memory. For O a warp owns all
// rows and 512 / WARPS columns, as no warp's registers hold 512. A block has one part of the keys, split_keys long;
// what several blocks summed, attention_flash_combine puts together. Keys lie in one piece a sequence, or in pages: key
// j of a sequence in page page_table[sequence, j / page].
#include "kernels/attention/latent_tensor/latent_tensor.cuh"
#include "kernels/attention/matrix_sums.ptx.cuh"
#include "kernels/common/ptx/cp_async.cuh"
#include "kernels/common/shared.cuh"

namespace stele::attention::ptx {

using namespace stele::ptx;

template <typename T, LatentTensorTile tile>
struct LatentWarp : LatentTensor<T, tile>, MatrixScores<1, tile.warp_keys()> {
    using Base = LatentTensor<T, tile>;
    using Scores = MatrixScores<1, tile.warp_keys()>;
    using Base::BLOCK_M, Base::BLOCK_N, Base::HEAD_DIM, Base::TILES_M, Scores::scores;
    static constexpr int PITCH = HEAD_DIM * 2, QUERY_BYTES = BLOCK_M * PITCH, KEY_BYTES = BLOCK_N * PITCH;
    static constexpr int KEY_GROUPS = tile.key_groups(), WARP_KEYS = tile.warp_keys();

    /// Of all rows of the block and the warp's columns.
    MatrixSums<T, TILES_M, BLOCK_N, Base::WARP_COLUMNS> sums;

    /// Where a 16-byte piece of a tile lies.
    static __device__ __forceinline__ int place(int row, int piece) { return row * PITCH + (piece ^ row % 8) * 16; }

    /// Of the warp's 16 rows and WARP_KEYS keys, 32 columns a step: those of 8 keys are one ldmatrix.
    __device__ __forceinline__ void score(const unsigned char* tile_q, const unsigned char* tile_k, int lane) {
        Scores::clear_scores();
#pragma unroll 2
        for (int step = 0; step < HEAD_DIM / 32; ++step) {
            std::uint32_t a[2][4], b[4];
#pragma unroll
            for (int part = 0; part < 2; ++part)
                ldmatrix_x4(a[part], tile_q + place(lane % 16, step * 4 + part * 2 + lane / 16));
#pragma unroll
            for (int j = 0; j < WARP_KEYS / 8; ++j) {
                ldmatrix_x4(b, tile_k + place(j * 8 + lane % 8, step * 4 + lane / 8));
                multiply(four(scores[0] + 4 * j), a[0], {b[0], b[1]}, T());
                multiply(four(scores[0] + 4 * j), a[1], {b[2], b[3]}, T());
            }
        }
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
    // The warp's rows and keys of the scores: lanes 4 r to 4 r + 3 have rows r and r + 8 of the 16.
    const int key_group = warp % W::KEY_GROUPS, first_key = key_group * W::WARP_KEYS;
    const int first_row = warp / W::KEY_GROUPS * 16;
    const auto row_of = [&](int h) { return first_row + h * 8 + lane / 4; };
    // Its columns of O.
    const int first_column = warp * W::WARP_COLUMNS;
    const auto place_v = [&](int row, int piece) { return W::place(row, first_column / 8 + piece); };
    // Keys of which each is seen by all rows of the block.
    const int all_see_from = sequence.first_seen(part.last_query, causal, window), all_see_to = part.seen(0);
    const float factor = mul_rn_f32(softmax_scale, 1.44269504088896341f);
    own.clear();
    own.sums.clear();
#pragma unroll
    for (int h = 0; h < 2; ++h) own.seen[0][h] = part.seen(row_of(h));
    const auto copy_piece = [](void* to, const void* from, bool inside) { cp_async_cg_16(to, from, inside ? 16 : 0); };
    const auto load_keys = [&](int key_begin, int stage) {
        if (key_begin < part.key_end)
            W::template copy_keys<BLOCK_N>(shared + W::QUERY_BYTES + stage * W::KEY_BYTES, K, key_rows, key_begin,
                                           part.key_end, thread, W::place, copy_piece);
    };

    // -- load
    W::template copy_rows<BLOCK_M>(shared, Q, thread, [&](int r) { return part.row(r); }, W::place, copy_piece);
    load_keys(part.key_first, 0);
    for (int key_begin = part.key_first, stage = 0; key_begin < part.key_end; key_begin += BLOCK_N, stage ^= 1) {
        const unsigned char* tile_k = shared + W::QUERY_BYTES + stage * W::KEY_BYTES;
        cp_async_wait_all();
        // Behind it all have done with the other stage too.
        __syncthreads();
        load_keys(key_begin + BLOCK_N, stage ^ 1);

        // -- score
        const bool masked = key_begin < all_see_from || key_begin + BLOCK_N > all_see_to;
        own.score(shared + first_row * W::PITCH, tile_k + first_key * W::PITCH, lane);
        own.scale_scores(factor);
        if (masked) own.mask(key_begin + first_key, window, lane);

        // -- softmax
        for (int h = 0; h < 2; ++h) {
            const float most = own.most_of(0, h);
            if (lane % 4 == 0) rows.scores[key_group * BLOCK_M + row_of(h)] = most;
        }
        __syncthreads();
#pragma unroll
        for (int h = 0; h < 2; ++h) {
            const int r = row_of(h);
            float most = -INFINITY;
#pragma unroll
            for (int group = 0; group < W::KEY_GROUPS; ++group) most = max_f32(most, rows.scores[group * BLOCK_M + r]);
            const float rescale = own.raise_max(0, h, most);
            if (key_group == 0 && lane % 4 == 0) rows.rescale[r] = rescale;
#pragma unroll
            for (int j = 0; j < W::WARP_KEYS / 8; ++j)
                st_shared_b32(rows.weights + r * W::WEIGHT_STRIDE + first_key + j * 8 + lane % 4 * 2,
                              two_of(own.scores[0][4 * j + 2 * h], own.scores[0][4 * j + 2 * h + 1], T()));
        }
        __syncthreads();

        // -- multiply
        float rescale[W::TILES_M][2];
#pragma unroll
        for (int i = 0; i < W::TILES_M; ++i)
#pragma unroll
            for (int h = 0; h < 2; ++h) rescale[i][h] = rows.rescale[i * 16 + h * 8 + lane / 4];
        own.sums.scale_acc(rescale);
        const auto weights_of = [&](int i, int step, std::uint32_t(&a)[4]) {
            ldmatrix_x4(a, rows.weights + (i * 16 + lane % 16) * W::WEIGHT_STRIDE + step * 16 + lane / 16 * 8);
        };
        if (masked && vote_sync_any(own.sums.any_spoilt(tile_k, all_see_from - key_begin, all_see_to - key_begin, lane,
                                                        32, place_v))) {
            own.sums.template weigh<true>(tile_k, lane, place_v, weights_of);
            own.sums.add_spoilt(tile_k, key_begin, window, lane, place_v,
                                [&](int i, int h) { return rows.visible[i * 16 + h * 8 + lane / 4]; });
        } else {
            own.sums.template weigh<false>(tile_k, lane, place_v, weights_of);
        }
    }

    // -- store
    cp_async_wait_all();
    for (int h = 0; h < 2; ++h) {
        const float sum = own.sum_of(0, h);
        if (lane % 4 == 0) rows.scores[key_group * BLOCK_M + row_of(h)] = sum;
    }
    __syncthreads();
    const auto sum_of = [&](int r) {
        float sum = 0.0f;
#pragma unroll
        for (int group = 0; group < W::KEY_GROUPS; ++group) sum += rows.scores[group * BLOCK_M + r];
        return sum;
    };
    const auto at_part = [&](int row) { return static_cast<std::size_t>(split) * sequence.all_rows + row; };
    for (int h = 0; h < 2; ++h) {
        const int row = rows.query_row[row_of(h)];
        if (row < 0 || key_group != 0 || lane % 4 != 0) continue;
        const float sum = sum_of(row_of(h)), row_max = own.row_max[0][h];
        if (splits == 1)
            lse[row] = (row_max + lg2_approx_ftz_f32(sum)) * 0.693147180559945309f;
        else
            reinterpret_cast<float2*>(partial_state)[at_part(row)] = make_float2(row_max, sum);
    }
#pragma unroll
    for (int i = 0; i < W::TILES_M; ++i)
#pragma unroll
        for (int h = 0; h < 2; ++h) {
            const int r = i * 16 + h * 8 + lane / 4, row = rows.query_row[r];
            if (splits == 1) {
                const float sum = sum_of(r);
                // In the place of Q. Not sum > 0: a NaN must stay one.
                own.sums.stage_row(shared, i, h, sum == 0.0f ? 0.0f : rcp_approx_ftz_f32(sum), lane, place_v);
            } else if (row >= 0) {
                own.sums.store_row(partial_acc + at_part(row) * W::VALUE_DIM + first_column, i, h, lane);
            }
        }
    if (splits > 1) return;
    __syncwarp();
    store_staged<BLOCK_M, W::WARP_COLUMNS, W::VALUE_DIM>(O + first_column, shared, lane, place_v,
                                                         [&](int r) { return rows.query_row[r]; });
}

std::vector<NativeInstance> attention_latent_tensor() {
    NativeList list;
    for_each_latent_instance([&]<typename T>(const std::string& instance) {
        for_each_tile<latent_tensor_tiles>([&]<LatentTensorTile tile>() {
            list.add<&attention_latent_tensor<T, tile.block_m, tile.block_n, tile.warps>>("attention_latent_tensor",
                                                                                          text(tile) + ' ' + instance);
        });
    });
    return std::move(list);
}

}  // namespace stele::attention::ptx
