#include "kernels/sparse_attention/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "backends/host/limits.hpp"

namespace stele::sparse_attention {
namespace {

/// The mask is part of the problem, so its seed is too.
constexpr std::uint64_t mask_seed = 1;

template <typename T>
Tensor tensor_of(TensorSpec spec, const std::vector<T>& values) {
    Tensor out(std::move(spec));
    // memcpy from an empty vector would be handed a null pointer.
    if (!values.empty()) std::memcpy(out.data.data(), values.data(), out.data.size());
    return out;
}

/// Empty if there is memory for the mask.
std::string why_no_mask(const BlockGrid& grid, std::int64_t sequences, MaskPattern pattern, double density) {
    constexpr double mib = 1 << 20;
    const double bytes = block_mask_bytes(grid, sequences, pattern, density);
    const MemoryLimit left = memory_left();
    if (bytes <= static_cast<double>(left.bytes)) return {};
    return fmt::format("no memory: making the block mask takes about {:.0f} MiB, and {:.0f} MiB are left ({})",
                       bytes / mib, static_cast<double>(left.bytes) / mib, left.set_by);
}

}  // namespace

Work count_work(const Shape& shape, const BlockGrid& grid, const BlockMask& mask) {
    Work work;
    const std::int64_t query_blocks = grid.query_blocks(), rows_per_kv_head = shape.group() * query_blocks;
    // Of each key block of the present kv head, how many keys some query sees: they are its first.
    std::vector<std::int64_t> keys(static_cast<std::size_t>(grid.key_blocks()));
    const std::int64_t rows = shape.batch * shape.heads * query_blocks;
    for (std::int64_t row = 0; row < rows; ++row) {
        const std::int64_t query_block = row % query_blocks;
        std::int64_t first_key = grid.seq_k;  // the earliest key that a row of this block may see
        for (auto at = mask.row_begin[row]; at < mask.row_begin[row + 1]; ++at) {
            const std::int64_t key_block = mask.column[at];
            const std::int64_t pairs = grid.pairs(query_block, key_block);
            if (pairs == 0) continue;
            work.pairs += static_cast<double>(pairs);
            first_key = std::min(first_key, key_block * grid.block);
            auto& seen = keys[static_cast<std::size_t>(key_block)];
            seen = std::max(seen, grid.visible_keys(query_block, key_block));
        }
        if (first_key < grid.seq_k) {
            const std::int64_t end = std::min((query_block + 1) * grid.block, grid.seq_q);
            std::int64_t begin = query_block * grid.block;
            // Causal: the queries before this one end before the first kept key.
            if (grid.causal) begin = std::max(begin, first_key - (grid.seq_k - grid.seq_q));
            work.query_rows += static_cast<double>(end - begin);
        }
        if ((row + 1) % rows_per_kv_head == 0) {
            for (auto& seen : keys) work.key_rows += static_cast<double>(std::exchange(seen, 0));
        }
    }
    return work;
}

SparseAttentionProblem::SparseAttentionProblem(const Shape& shape, std::int64_t block, MaskPattern pattern,
                                               double density)
    : shape_(shape),
      grid_{shape.seq_q, shape.seq_k, block, shape.causal},
      pattern_(pattern),
      density_(density),
      why_not_made_(why_no_mask(grid_, shape.batch * shape.heads, pattern, density)) {
    if (!why_not_made_.empty()) return;
    mask_ = make_block_mask(grid_, shape.batch * shape.heads, pattern, density, mask_seed);
    work_ = count_work(shape_, grid_, mask_);
}

SparseAttentionProblem::SparseAttentionProblem(const SparseAttentionProblem& other, BlockMask mask)
    : shape_(other.shape_),
      grid_(other.grid_),
      pattern_(other.pattern_),
      density_(other.density_),
      mask_(std::move(mask)),
      work_(count_work(shape_, grid_, mask_)) {}

std::string SparseAttentionProblem::id() const {
    return fmt::format("{} block={} density={} pattern={}", shape_text(shape_), grid_.block, density_, name(pattern_));
}

double SparseAttentionProblem::flops() const { return flops_of(shape_, work_.pairs); }

double SparseAttentionProblem::dense_flops() const { return flops_of(shape_, pairs_of(shape_)); }

double SparseAttentionProblem::bytes() const {
    if (!why_not_made_.empty()) return 0;
    const auto row_bytes = static_cast<double>(shape_.head_dim * static_cast<std::int64_t>(size_of(shape_.dtype)));
    double bytes = (work_.query_rows + 2 * work_.key_rows) * row_bytes;
    const std::vector<TensorSpec> specs = tensors();
    for (std::size_t index : {sparse_row_begin, sparse_column, sparse_o, sparse_lse})
        bytes += static_cast<double>(specs[index].bytes());
    return bytes;
}

std::vector<TensorSpec> SparseAttentionProblem::tensors() const {
    std::vector<TensorSpec> specs = tensors_of(shape_);
    const auto rows = static_cast<std::int64_t>(mask_.row_begin.size()),
               kept = static_cast<std::int64_t>(mask_.column.size());
    specs.insert(specs.begin() + sparse_row_begin, {{"row_begin", Role::input, Dtype::i32, {rows}, {"rows + 1"}},
                                                    {"column", Role::input, Dtype::i32, {kept}, {"kept"}, true}});
    return specs;
}

std::vector<Tensor> SparseAttentionProblem::inputs(std::uint64_t seed, Fill fill) const {
    std::vector<Tensor> out = inputs_of(shape_, seed, fill);
    const std::vector<TensorSpec> specs = tensors();
    out.push_back(tensor_of(specs[sparse_row_begin], mask_.row_begin));
    out.push_back(tensor_of(specs[sparse_column], mask_.column));
    return out;
}

void SparseAttentionProblem::check_inputs(std::span<const Tensor> inputs) const {
    check_block_mask(grid_, shape_.batch * shape_.heads, inputs[sparse_row_begin].as<std::int32_t>(),
                     inputs[sparse_column].as<std::int32_t>());
}

std::unique_ptr<Problem> SparseAttentionProblem::following(std::span<const Tensor> inputs) const {
    const auto row_begin = inputs[sparse_row_begin].as<std::int32_t>();
    const auto column = inputs[sparse_column].as<std::int32_t>();
    if (std::ranges::equal(row_begin, mask_.row_begin) && std::ranges::equal(column, mask_.column)) return nullptr;
    return std::make_unique<SparseAttentionProblem>(
        *this, BlockMask{{row_begin.begin(), row_begin.end()}, {column.begin(), column.end()}});
}

const SparseAttentionProblem& as_sparse_attention(const Problem& problem) {
    if (const auto* found = dynamic_cast<const SparseAttentionProblem*>(&problem)) return *found;
    throw std::logic_error("sparse_attention was handed a problem of " + std::string(problem.operation()));
}

}  // namespace stele::sparse_attention
