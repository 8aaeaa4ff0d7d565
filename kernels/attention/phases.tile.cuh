// What the kernels of CUDA Tile C++ that compute attention share: which keys a query sees, online softmax, and the way
// out. A row of a tile has its shape [rows, 1], which meets the columns by itself.
#pragma once

#include <limits>

#include "kernels/common/tiles.cuh"

namespace stele::attention::cuda_tile {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float log2_e = 1.44269504088896341f, ln_2 = 0.693147180559945309f;

/// How many keys query `query` sees: all, or, causal, those up to its own when the last query is aligned to the last.
__tile__ inline int keys_seen(int query, int seq_q, int seq_k, int causal) {
    const int last = query + 1 + seq_k - seq_q;
    return causal == 0 || last > seq_k ? seq_k : last < 0 ? 0 : last;
}

/// What is subtracted from scores: the largest, or 0 of a row that has seen nothing, as −inf − (−inf) is NaN.
template <typename Rows>
__tile__ inline Rows base_of(const Rows& row_max) {
    return ct::select(row_max == -infinity, ct::zeros<Rows>(), row_max);
}

/// Online softmax (Milakov and Gimelshein 2018) of the rows of a tile: raises row_max, and gives the weights
/// 2^(score − row_max) and what was summed before is multiplied with.
template <typename Scores, typename Rows>
__tile__ inline Scores softmax(const Scores& scores, Rows& row_max, Rows& row_sum, Rows& rescale) {
    const Rows most = ct::max(row_max, ct::reduce_max(scores, 1_ic));
    const Rows base = base_of(most);
    const Scores weights = ct::exp2(scores - base);
    rescale = ct::exp2(row_max - base);
    row_sum = row_sum * rescale + ct::sum(weights, 1_ic);
    row_max = most;
    return weights;
}

/// Of values that are infinite or no number a weight of 0 makes NaN. So where rows see a part of a tile of keys, such
/// values leave the product, and a row that sees their key becomes NaN by its score: here 0 for each key, NaN for
/// theirs, and the values without them.
template <typename TileV>
__tile__ inline auto spoilt_keys(const TileV& tile_v) {
    return ct::transpose(ct::sum(ct::element_cast<float>(tile_v) * 0.0f, 1_ic));
}
template <typename TileV>
__tile__ inline TileV numbers_of(const TileV& tile_v) {
    return ct::select(ct::element_cast<float>(tile_v) * 0.0f == 0.0f, tile_v, ct::zeros<TileV>());
}

/// O of the sums; 0 of a row that has seen nothing.
template <typename Sums, typename Rows>
__tile__ inline Sums normalised(const Sums& acc, const Rows& row_sum) {
    return acc / ct::select(row_sum == 0.0f, ct::ones<Rows>(), row_sum);
}
/// −inf of a row that has seen nothing.
template <typename Rows>
__tile__ inline Rows natural_lse(const Rows& row_max, const Rows& row_sum) {
    return (row_max + ct::log2(row_sum)) * ln_2;
}

}  // namespace stele::attention::cuda_tile
