// Sparse attention: attention in which a query block reads only the key blocks that a CSR names. README.md has the
// mathematics, the CSR's layout and the patterns.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/attention/problem.hpp"
#include "kernels/sparse_attention/block_mask.hpp"
#include "kernels/sparse_attention/tile.hpp"

namespace stele::sparse_attention {

/// What a mask leaves to do, counted exactly.
struct Work {
    double pairs = 0;       ///< (query, key) pairs of kept blocks that the causal rule leaves
    double query_rows = 0;  ///< rows of Q that see at least one key
    double key_rows = 0;    ///< rows of K (and of V) that some query sees, once for each kv head
};

/// `mask` has a row for each (batch, head, query block) of `shape`; its blocks are those of `grid`.
Work count_work(const Shape& shape, const BlockGrid& grid, const BlockMask& mask);

/// The keys that a query sees: of its kept blocks, those that the causal rule leaves. The spans must outlive the
/// result.
VisibleKeys visibility(const Shape& shape, const BlockGrid& grid, std::span<const std::int32_t> row_begin,
                       std::span<const std::int32_t> column);

/// One shape with one mask. The mask follows from the problem's text alone.
class SparseAttentionProblem final : public Problem {
public:
    SparseAttentionProblem(const Shape& shape, std::int64_t block, MaskPattern pattern, double density);
    /// With a mask from outside, of any number of kept blocks, in the place of the pattern's.
    SparseAttentionProblem(const SparseAttentionProblem& other, BlockMask mask);

    const Shape& shape() const { return shape_; }
    const BlockGrid& grid() const { return grid_; }
    const BlockMask& mask() const { return mask_; }

    std::string_view operation() const override { return "sparse_attention"; }
    std::string id() const override;
    Dtype dtype() const override { return shape_.dtype; }
    double flops() const override;
    double bytes() const override;
    double dense_flops() const override;
    std::vector<TensorSpec> tensors() const override;
    std::vector<Tensor> inputs(std::uint64_t seed, Fill fill) const override;
    void check_inputs(std::span<const Tensor> inputs) const override;
    std::unique_ptr<Problem> following(std::span<const Tensor> inputs) const override;
    std::vector<Expected> reference(std::span<const Tensor> inputs, const Arithmetic& arithmetic) const override;
    double reference_bytes() const override { return reference_bytes_of(shape_, work_.pairs); }
    std::string why_not_made() const override { return why_not_made_; }

private:
    Shape shape_;
    BlockGrid grid_;
    MaskPattern pattern_;
    double density_;
    std::string why_not_made_;  ///< empty, or the mask is, as it would not fit into memory
    BlockMask mask_;
    Work work_;
};

/// The problem as this operation's own. Throws std::logic_error for another operation's problem.
const SparseAttentionProblem& as_sparse_attention(const Problem& problem);

/// Indices into SparseAttentionProblem::tensors(); Q, K and V come first, as in attention.
enum SparseTensor : std::size_t { sparse_q, sparse_k, sparse_v, sparse_row_begin, sparse_column, sparse_o, sparse_lse };

}  // namespace stele::sparse_attention
