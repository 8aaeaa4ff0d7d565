// What the rows of sparse attention's algorithms share, and the list of them.
#pragma once

#include <string>
#include <vector>

#include "kernels/attention/rows.hpp"
#include "kernels/sparse_attention/problem.hpp"

namespace stele::sparse_attention {

/// A row for each of tiles in each of attention_languages, of kernels/sparse_attention/<algorithm>. Its kernel
/// is sparse_attention_<algorithm>(Q, K, V, row_begin, column, O, lse, heads, kv_heads, seq_q, seq_k, mask_block,
/// softmax_scale, causal) in every language, with a block a tile of query rows, head and batch.
std::vector<Variant> tile_rows(const std::string& algorithm);

/// What each of their kernels is given.
std::vector<Operand> operands_of(const SparseAttentionProblem& problem);

/// The rows of each algorithm, in its own folder.
std::vector<Variant> masked_variants();
std::vector<Variant> block_gather_variants();
std::vector<Variant> tile_variants();
std::vector<Variant> openblas_variants();

}  // namespace stele::sparse_attention
