// attention / tile — CUDA Tile C++; in other languages the same is attention/flash_tensor, flash_hopper and flash_split
//
// O[batch, heads, seq_q, head_dim] = softmax(softmax_scale · Q Kᵀ) V, lse[batch, heads, seq_q] its normaliser
// (FlashAttention-2, Dao 2023). The query heads that share a key-value head lie one behind the other, and are one
// matrix of group · seq_q rows. A block owns BLOCK_M of them and one part of their keys, split_keys long; it walks over
// the keys BLOCK_N at a time, and keeps for each row the largest score so far, the sum of weights 2^(score − row_max),
// and their sum times V. Where there are several parts, as in decoding, attention_tile_combine puts them together.
#include "kernels/attention/phases.tile.cuh"
#include "kernels/attention/tile/tile.hpp"

namespace stele::attention::cuda_tile {

__tile__ inline int within(int value, int least, int most) {
    return value < least ? least : value > most ? most : value;
}

/// Q, O [batch, heads, seq_q, head_dim]; K, V [batch, kv_heads, seq_k, head_dim]; lse [batch, heads, seq_q];
/// partial_acc [splits, batch, heads, seq_q, head_dim], partial_state [2, splits, batch, heads, seq_q]: row_max and
/// row_sum; both null where there is one part.
template <Dtype dtype, int BLOCK_M, int BLOCK_N, int HEAD_DIM>
[[cutile::hint(0, num_worker_warps_per_cta = worker_warps<BLOCK_M>)]]
__tile_global__ void attention_tile(const ElementOf<dtype>* __restrict__ Q, const ElementOf<dtype>* __restrict__ K,
                                    const ElementOf<dtype>* __restrict__ V, ElementOf<dtype>* __restrict__ O,
                                    float* __restrict__ lse, float* __restrict__ partial_acc,
                                    float* __restrict__ partial_state, int heads, int kv_heads, int seq_q, int seq_k,
                                    int split_keys, int splits, float softmax_scale, int causal) {
    using T = ElementOf<dtype>;
    using Row = ct::shape<BLOCK_M, 1>;
    using Rows = ct::tile<float, Row>;
    using Scores = ct::tile<float, ct::shape<BLOCK_M, BLOCK_N>>;
    auto acc = ct::zeros<ct::tile<float, ct::shape<BLOCK_M, HEAD_DIM>>>();
    auto row_max = ct::full<Rows>(-infinity), row_sum = ct::zeros<Rows>(), rescale = row_sum;

    // -- place
    const int rows = heads / kv_heads * seq_q;
    const int block = static_cast<int>(ct::bid().x) / splits, split = static_cast<int>(ct::bid().x) % splits;
    // Blocks that see most come first, so that the last ones to run are short.
    const int block_row = causal != 0 ? static_cast<int>(ct::num_blocks().x) / splits - 1 - block : block;
    const long long head = static_cast<long long>(ct::bid().z) * kv_heads + ct::bid().y;
    const auto of_queries = [&](auto* tensor) {
        return ct::partition_view{ct::tensor_span{ct::assume_aligned(tensor + head * rows * HEAD_DIM, 16_ic),
                                                  ct::extents{rows, ct::integral_constant<HEAD_DIM>{}}},
                                  ct::shape<BLOCK_M, HEAD_DIM>{}};
    };
    const auto of_rows = [&](float* numbers) {
        return ct::partition_view{ct::tensor_span{numbers, ct::extents{rows, ct::integral_constant<1>{}}}, Row{}};
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
    const float factor = softmax_scale * log2_e;
    const int part_begin = split * (split_keys / BLOCK_N), part_end = part_begin + split_keys / BLOCK_N;

    // -- load
    const auto tile_q = of_queries(Q).load_masked(block_row, 0);
    const int keys_end = within((seen_by_any + BLOCK_N - 1) / BLOCK_N, part_begin, part_end);
    for (auto step : ct::irange(part_begin, keys_end)) {
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

        // -- multiply: by V as it was loaded where that can be, as it need not leave shared memory then
        acc = acc * rescale;
        if (all_see)
            acc = ct::mma(weights, tile_v, acc);
        else
            acc = ct::mma(weights, numbers_of(tile_v), acc);
    }

    // -- store
    if (splits == 1) {
        of_queries(O).store_masked(ct::element_cast<T>(normalised(acc, row_sum)), block_row, 0);
        of_rows(lse + head * rows).store_masked(natural_lse(row_max, row_sum), block_row, 0);
    } else {
        const long long all_rows = static_cast<long long>(ct::num_blocks().z) * kv_heads * rows;
        const long long own = split * all_rows + head * rows;
        const auto parts = ct::partition_view{ct::tensor_span{ct::assume_aligned(partial_acc + own * HEAD_DIM, 16_ic),
                                                              ct::extents{rows, ct::integral_constant<HEAD_DIM>{}}},
                                              ct::shape<BLOCK_M, HEAD_DIM>{}};
        parts.store_masked(acc, block_row, 0);
        of_rows(partial_state + own).store_masked(row_max, block_row, 0);
        of_rows(partial_state + splits * all_rows + own).store_masked(row_sum, block_row, 0);
    }
}

/// O [rows, head_dim] and lse [rows] of parts: partial_acc [splits, rows, head_dim], partial_state [2, splits, rows]. A
/// block owns combined_rows of them.
template <Dtype dtype, int HEAD_DIM>
__tile_global__ void attention_tile_combine(ElementOf<dtype>* __restrict__ O, float* __restrict__ lse,
                                            const float* __restrict__ partial_acc,
                                            const float* __restrict__ partial_state, int rows, int splits) {
    using Part = ct::shape<1, combined_rows, HEAD_DIM>;
    using Row = ct::shape<1, combined_rows, 1>;
    using Rows = ct::tile<float, Row>;
    auto acc = ct::zeros<ct::tile<float, Part>>();
    auto row_max = ct::full<Rows>(-infinity), row_sum = ct::zeros<Rows>();

    // -- place
    const int block_row = static_cast<int>(ct::bid().x);
    const auto of_parts = [&](auto* tensor, int parts) {
        return ct::partition_view{ct::tensor_span{ct::assume_aligned(tensor, 16_ic),
                                                  ct::extents{parts, rows, ct::integral_constant<HEAD_DIM>{}}},
                                  Part{}};
    };
    const auto of_rows = [&](auto* numbers, int parts) {
        return ct::partition_view{ct::tensor_span{numbers, ct::extents{parts, rows, ct::integral_constant<1>{}}},
                                  Row{}};
    };
    const auto sums = of_parts(partial_acc, splits);
    const auto maxima = of_rows(partial_state, splits);
    const auto weights = of_rows(partial_state + static_cast<long long>(splits) * rows, splits);

    for (auto split : ct::irange(0, splits)) {
        // -- load
        const auto part_acc = sums.load_masked(split, block_row, 0);
        const auto part_max = maxima.load_masked(split, block_row, 0);
        const auto part_sum = weights.load_masked(split, block_row, 0);

        // -- softmax
        const Rows most = ct::max(row_max, part_max), base = base_of(most);
        const Rows rescale = ct::exp2(row_max - base), weight = ct::exp2(part_max - base);
        row_max = most;

        // -- multiply
        row_sum = row_sum * rescale + part_sum * weight;
        acc = acc * rescale + part_acc * weight;
    }

    // -- store
    of_parts(O, 1).store_masked(ct::element_cast<ElementOf<dtype>>(normalised(acc, row_sum)), 0, block_row, 0);
    of_rows(lse, 1).store_masked(natural_lse(row_max, row_sum), 0, block_row, 0);
}

std::vector<NativeInstance> attention_tile() {
    NativeList list;
    const auto add = [&]<Dtype dtype, int head_dim>() {
        const std::string types = std::string(stele::name(dtype)) + " d" + std::to_string(head_dim);
        for_each_tile<block_tiles>([&]<BlockTile tile>() {
            list.add<attention_tile<dtype, tile.block_m, tile.block_n, head_dim>>("attention_tile",
                                                                                  text(tile) + ' ' + types);
        });
        list.add<attention_tile_combine<dtype, head_dim>>("attention_tile_combine", types);
    };
    add.template operator()<Dtype::f16, 64>();
    add.template operator()<Dtype::f16, 128>();
    add.template operator()<Dtype::bf16, 64>();
    add.template operator()<Dtype::bf16, 128>();
    return std::move(list);
}

}  // namespace stele::attention::cuda_tile
