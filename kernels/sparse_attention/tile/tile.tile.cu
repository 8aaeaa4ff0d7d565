// sparse_attention / tile — CUDA Tile C++; in other languages the same is sparse_attention/block_gather
//
// O[batch, heads, seq_q, head_dim] = softmax(softmax_scale · Q Kᵀ, masked) V and lse[batch, heads, seq_q], visiting the
// kept blocks only: the row of the CSR (row_begin[batch · heads · query_blocks + 1], column[kept]) that belongs to a
// query block is the list of key blocks that its loop walks over, an index loaded and then a tile. A block owns BLOCK_M
// query rows of one head. BLOCK_M and BLOCK_N divide mask_block, so that a tile lies in one mask block.
#include "kernels/attention/phases.tile.cuh"
#include "kernels/sparse_attention/tile/tile.hpp"

namespace stele::sparse_attention::cuda_tile {

using namespace stele::attention::cuda_tile;

/// Q, O [batch, heads, seq_q, head_dim]; K, V [batch, kv_heads, seq_k, head_dim]; lse [batch, heads, seq_q].
template <Dtype dtype, int BLOCK_M, int BLOCK_N, int HEAD_DIM>
[[cutile::hint(0, num_worker_warps_per_cta = 8)]]
__tile_global__ void sparse_attention_tile(const ElementOf<dtype>* __restrict__ Q,
                                           const ElementOf<dtype>* __restrict__ K,
                                           const ElementOf<dtype>* __restrict__ V, const int* __restrict__ row_begin,
                                           const int* __restrict__ column, ElementOf<dtype>* __restrict__ O,
                                           float* __restrict__ lse, int heads, int kv_heads, int seq_q, int seq_k,
                                           int mask_block, float softmax_scale, int causal) {
    using T = ElementOf<dtype>;
    using Row = ct::shape<BLOCK_M, 1>;
    using Rows = ct::tile<float, Row>;
    using Scores = ct::tile<float, ct::shape<BLOCK_M, BLOCK_N>>;
    auto acc = ct::zeros<ct::tile<float, ct::shape<BLOCK_M, HEAD_DIM>>>();
    auto row_max = ct::full<Rows>(-infinity), row_sum = ct::zeros<Rows>(), rescale = row_sum;

    // -- place
    const int block_row = static_cast<int>(ct::bid().x), query_begin = block_row * BLOCK_M;
    const int head = static_cast<int>(ct::bid().y), sequence = static_cast<int>(ct::bid().z);
    const long long head_row = static_cast<long long>(sequence) * heads + head;
    const long long kv_head = static_cast<long long>(sequence) * kv_heads + head / (heads / kv_heads);
    const auto of_queries = [&](auto* tensor) {
        return ct::partition_view{ct::tensor_span{ct::assume_aligned(tensor + head_row * seq_q * HEAD_DIM, 16_ic),
                                                  ct::extents{seq_q, ct::integral_constant<HEAD_DIM>{}}},
                                  ct::shape<BLOCK_M, HEAD_DIM>{}};
    };
    const auto tiles_k =
        ct::partition_view{ct::tensor_span{ct::assume_aligned(K + kv_head * seq_k * HEAD_DIM, 16_ic),
                                           ct::extents{ct::integral_constant<HEAD_DIM>{}, seq_k}, ct::layout_left{}},
                           ct::shape<HEAD_DIM, BLOCK_N>{}};
    const auto tiles_v = ct::partition_view{ct::tensor_span{ct::assume_aligned(V + kv_head * seq_k * HEAD_DIM, 16_ic),
                                                            ct::extents{seq_k, ct::integral_constant<HEAD_DIM>{}}},
                                            ct::shape<BLOCK_N, HEAD_DIM>{}};
    const int query_last = query_begin + BLOCK_M <= seq_q ? query_begin + BLOCK_M - 1 : seq_q - 1;
    const int seen_by_all = keys_seen(query_begin, seq_q, seq_k, causal);
    const int seen_by_any = keys_seen(query_last, seq_q, seq_k, causal);
    const auto query = ct::iota<ct::tile<int, Row>>() + query_begin;
    const auto seen = causal != 0 ? query + (1 + seq_k - seq_q) : ct::full<ct::tile<int, Row>>(seq_k);
    const float factor = softmax_scale * log2_e;
    // The row's kept blocks laid end to end, counted in tiles of keys.
    const int* kept_row = row_begin + head_row * ((seq_q + mask_block - 1) / mask_block) + query_begin / mask_block;
    const int kept_begin = kept_row[0], tiles_of_block = mask_block / BLOCK_N;
    const int kept_tiles = (kept_row[1] - kept_begin) * tiles_of_block;

    // -- load
    const auto tile_q = of_queries(Q).load_masked(block_row, 0);
    for (auto kept : ct::irange(0, kept_tiles)) {
        const int step = column[kept_begin + kept / tiles_of_block] * tiles_of_block + kept % tiles_of_block;
        // Columns ascend: what no row sees is at the end. Bounds found before the loop, as in other languages, or fewer
        // warps for 64 rows, and the compiler (13.4.92) ends by a segmentation fault.
        if (step * BLOCK_N < seen_by_any) {
            const auto tile_k = tiles_k.load_masked(0, step);
            const auto tile_v = tiles_v.load_masked(step, 0);
            const bool all_see = (step + 1) * BLOCK_N <= seen_by_all;

            // -- score
            auto scores = ct::mma(tile_q, tile_k, ct::zeros<Scores>()) * factor;
            if (!all_see) {
                const auto key = ct::iota<ct::tile<int, ct::shape<1, BLOCK_N>>>() + step * BLOCK_N;
                scores =
                    ct::select((key < seen) & (key < seq_k), scores + spoilt_keys(tile_v), ct::full<Scores>(-infinity));
            }

            // -- softmax
            const auto weights = ct::element_cast<T>(softmax(scores, row_max, row_sum, rescale));

            // -- multiply: as in attention/tile
            acc = acc * rescale;
            if (all_see)
                acc = ct::mma(weights, tile_v, acc);
            else
                acc = ct::mma(weights, numbers_of(tile_v), acc);
        }
    }

    // -- store
    of_queries(O).store_masked(ct::element_cast<T>(normalised(acc, row_sum)), block_row, 0);
    const auto tiles_lse = ct::partition_view{
        ct::tensor_span{lse + head_row * seq_q, ct::extents{seq_q, ct::integral_constant<1>{}}}, Row{}};
    tiles_lse.store_masked(natural_lse(row_max, row_sum), block_row, 0);
}

std::vector<NativeInstance> sparse_attention_tile() {
    NativeList list;
    const auto add = [&]<Dtype dtype, int head_dim>() {
        for_each_tile<block_tiles>([&]<BlockTile tile>() {
            list.add<sparse_attention_tile<dtype, tile.block_m, tile.block_n, head_dim>>(
                "sparse_attention_tile",
                text(tile) + ' ' + std::string(stele::name(dtype)) + " d" + std::to_string(head_dim));
        });
    };
    add.template operator()<Dtype::f16, 64>();
    add.template operator()<Dtype::f16, 128>();
    add.template operator()<Dtype::bf16, 64>();
    add.template operator()<Dtype::bf16, 128>();
    return std::move(list);
}

}  // namespace stele::sparse_attention::cuda_tile
