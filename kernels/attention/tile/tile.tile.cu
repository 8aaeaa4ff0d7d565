// attention / tile — CUDA Tile C++; in other languages the same is attention/flash_tensor and attention/flash_hopper
//
// O[batch, heads, seq_q, head_dim] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser
// (FlashAttention-2, Dao 2023). The query heads that share a key-value head lie one behind the other, and are one
// matrix of group · seq_q rows. A block owns BLOCK_M of them and walks over the keys BLOCK_N at a time; for each row it
// keeps the largest score so far, the sum of weights 2^(score − row_max), and their sum times V. A row of a tile has
// its shape [BLOCK_M, 1], which meets the columns by itself.
#include <limits>

#include "kernels/attention/tile/tile.hpp"
#include "kernels/common/tiles.cuh"

namespace stele::attention::cuda_tile {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// How many keys query `query` sees: all, or, causal, those up to its own when the last query is aligned to the last.
__tile__ inline int keys_seen(int query, int seq_q, int seq_k, int causal) {
    const int last = query + 1 + seq_k - seq_q;
    return causal == 0 || last > seq_k ? seq_k : last < 0 ? 0 : last;
}

/// Online softmax (Milakov and Gimelshein 2018) of the rows of a tile: raises row_max, and gives the weights
/// 2^(score − row_max) and what was summed before is multiplied with.
template <typename Scores, typename Rows>
__tile__ inline Scores softmax(const Scores& scores, Rows& row_max, Rows& row_sum, Rows& rescale) {
    const Rows most = ct::max(row_max, ct::reduce_max(scores, 1_ic));
    // A row that has seen nothing: subtract 0, as −inf − (−inf) is NaN.
    const Rows base = ct::select(most == -infinity, ct::zeros<Rows>(), most);
    const Scores weights = ct::exp2(scores - base);
    rescale = ct::exp2(row_max - base);
    row_sum = row_sum * rescale + ct::sum(weights, 1_ic);
    row_max = most;
    return weights;
}

/// Q, O [batch, heads, seq_q, head_dim]; K, V [batch, kv_heads, seq_k, head_dim]; lse [batch, heads, seq_q].
template <Dtype dtype, int BLOCK_M, int BLOCK_N, int HEAD_DIM>
__tile_global__ void attention_tile(const ElementOf<dtype>* __restrict__ Q, const ElementOf<dtype>* __restrict__ K,
                                    const ElementOf<dtype>* __restrict__ V, ElementOf<dtype>* __restrict__ O,
                                    float* __restrict__ lse, int heads, int kv_heads, int seq_q, int seq_k,
                                    float softmax_scale, int causal) {
    using T = ElementOf<dtype>;
    using Row = ct::shape<BLOCK_M, 1>;
    using Rows = ct::tile<float, Row>;
    using Scores = ct::tile<float, ct::shape<BLOCK_M, BLOCK_N>>;
    using TileV = ct::tile<T, ct::shape<BLOCK_N, HEAD_DIM>>;
    auto acc = ct::zeros<ct::tile<float, ct::shape<BLOCK_M, HEAD_DIM>>>();
    auto row_max = ct::full<Rows>(-infinity), row_sum = ct::zeros<Rows>(), rescale = row_sum;

    // -- place
    const int rows = heads / kv_heads * seq_q;
    // Blocks that see most come first, so that the last ones to run are short.
    const int block = static_cast<int>(ct::bid().x), blocks = static_cast<int>(ct::num_blocks().x);
    const int block_row = causal != 0 ? blocks - 1 - block : block;
    const long long head = static_cast<long long>(ct::bid().z) * kv_heads + ct::bid().y;
    const auto of_queries = [&](auto* tensor) {
        return ct::partition_view{ct::tensor_span{ct::assume_aligned(tensor + head * rows * HEAD_DIM, 16_ic),
                                                  ct::extents{rows, ct::integral_constant<HEAD_DIM>{}}},
                                  ct::shape<BLOCK_M, HEAD_DIM>{}};
    };
    const auto tiles_k =
        ct::partition_view{ct::tensor_span{ct::assume_aligned(K + head * seq_k * HEAD_DIM, 16_ic),
                                           ct::extents{ct::integral_constant<HEAD_DIM>{}, seq_k}, ct::layout_left{}},
                           ct::shape<HEAD_DIM, BLOCK_N>{}};
    const auto tiles_v = ct::partition_view{ct::tensor_span{ct::assume_aligned(V + head * seq_k * HEAD_DIM, 16_ic),
                                                            ct::extents{seq_k, ct::integral_constant<HEAD_DIM>{}}},
                                            ct::shape<BLOCK_N, HEAD_DIM>{}};
    const int first = block_row * BLOCK_M % seq_q, last = first + BLOCK_M - 1;
    const bool has_all_queries = last >= seq_q;
    const int seen_by_all = keys_seen(has_all_queries ? 0 : first, seq_q, seq_k, causal);
    const int seen_by_any = keys_seen(has_all_queries ? seq_q - 1 : last, seq_q, seq_k, causal);
    const auto query = (ct::iota<ct::tile<int, Row>>() + block_row * BLOCK_M) % seq_q;
    const auto seen = causal != 0 ? query + (1 + seq_k - seq_q) : ct::full<ct::tile<int, Row>>(seq_k);
    const float factor = softmax_scale * 1.44269504088896341f;

    // -- load
    const auto tile_q = of_queries(Q).load_masked(block_row, 0);
    const int all_see = seen_by_all / BLOCK_N, any_sees = (seen_by_any + BLOCK_N - 1) / BLOCK_N;

    // Two loops as they stand: of views that a function of its own is handed the compiler forgets where they begin, and
    // then loads element by element.
    for (auto step : ct::irange(0, all_see)) {
        const auto tile_k = tiles_k.load_masked(0, step);
        const auto tile_v = tiles_v.load_masked(step, 0);

        // -- score
        const auto scores = ct::mma(tile_q, tile_k, ct::zeros<Scores>()) * factor;

        // -- softmax
        const auto weights = softmax(scores, row_max, row_sum, rescale);

        // -- multiply
        acc = ct::mma(ct::element_cast<T>(weights), tile_v, acc * rescale);
    }
    // Tiles of which some rows see a part.
    for (auto step : ct::irange(all_see, any_sees)) {
        const auto tile_k = tiles_k.load_masked(0, step);
        const auto tile_v = tiles_v.load_masked(step, 0);

        // A weight of 0 makes NaN of a value that is infinite or no number. Such values leave the product, and a row
        // that sees their key becomes NaN by its score.
        const auto no_number = ct::element_cast<float>(tile_v) * 0.0f;
        const auto spoilt = ct::transpose(ct::sum(no_number, 1_ic));
        const auto numbers = ct::select(no_number == 0.0f, tile_v, ct::zeros<TileV>());

        // -- score
        const auto key = ct::iota<ct::tile<int, ct::shape<1, BLOCK_N>>>() + step * BLOCK_N;
        const auto all_scores = ct::mma(tile_q, tile_k, ct::zeros<Scores>()) * factor + spoilt;
        const auto scores = ct::select((key < seen) & (key < seq_k), all_scores, ct::full<Scores>(-infinity));

        // -- softmax
        const auto weights = softmax(scores, row_max, row_sum, rescale);

        // -- multiply
        acc = ct::mma(ct::element_cast<T>(weights), numbers, acc * rescale);
    }

    // -- store
    const auto none = row_sum == 0.0f;
    const auto out = acc / ct::select(none, ct::full<Rows>(1.0f), row_sum);
    of_queries(O).store_masked(ct::element_cast<T>(out), block_row, 0);
    const auto tiles_lse =
        ct::partition_view{ct::tensor_span{lse + head * rows, ct::extents{rows, ct::integral_constant<1>{}}}, Row{}};
    tiles_lse.store_masked((row_max + ct::log2(row_sum)) * 0.693147180559945309f, block_row, 0);
}

std::vector<NativeInstance> attention_tile() {
    TileList list;
    const auto add = [&]<Dtype dtype, int head_dim>() {
        for_each_tile<block_tiles>([&]<BlockTile tile>() {
            list.add<attention_tile<dtype, tile.block_m, tile.block_n, head_dim>>(
                "attention_tile", text(tile) + ' ' + dtype_name<ElementOf<dtype>> + " d" + std::to_string(head_dim));
        });
    };
    add.template operator()<Dtype::f16, 64>();
    add.template operator()<Dtype::f16, 128>();
    add.template operator()<Dtype::bf16, 64>();
    add.template operator()<Dtype::bf16, 128>();
    return std::move(list);
}

}  // namespace stele::attention::cuda_tile
