#include "kernels/sparse_attention/sparse_attention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <stdexcept>
#include <utility>

#include "kernels/sparse_attention/rows.hpp"

namespace stele {
namespace {

/// The mask is part of the problem, so its seed is too.
constexpr std::uint64_t mask_seed = 1;

constexpr std::string_view grammar =
    "batch= heads= kv_heads= seq_q= seq_k= head_dim=64|128 f32|f16|bf16 [causal] [scale=] [logits=] block=64|128 "
    "density=0…1 pattern=window|global_window|random|empty_row|full_row";

template <typename T>
Tensor tensor_of(TensorSpec spec, const std::vector<T>& values) {
    Tensor out(std::move(spec));
    // memcpy from an empty vector would be handed a null pointer.
    if (!values.empty()) std::memcpy(out.data.data(), values.data(), out.data.size());
    return out;
}

class SparseAttention final : public Operation {
public:
    std::string_view name() const override { return "sparse_attention"; }
    std::string_view summary() const override {
        return "attention over the key blocks that a mask in CSR keeps; O and lse";
    }
    std::string_view problem_grammar() const override { return grammar; }

    std::unique_ptr<Problem> parse(std::string_view words) const override {
        ProblemText text(name(), grammar, words);
        const AttentionShape shape = take_attention_shape(text);
        const std::int64_t block = std::stoll(text.take_word_or("block", "64", {"64", "128"}));
        const double density = text.take_real_or("density", 0.1, 0, 1);
        const auto& names = mask_pattern_names();
        const std::string pattern = text.take_word_or("pattern", "random", {names.begin(), names.end()});
        text.finish();
        return std::make_unique<SparseAttentionProblem>(shape, block, mask_pattern(pattern), density);
    }

    std::vector<std::string> suite(Suite suite) const override;

    const std::vector<Variant>& variants() const override {
        static const std::vector<Variant> all = [] {
            std::vector<Variant> out;
            for (auto rows : {sparse_masked_variants, sparse_block_gather_variants, sparse_openblas_variants})
                for (Variant& row : rows()) out.push_back(std::move(row));
            return out;
        }();
        return all;
    }
};

std::vector<std::string> SparseAttention::suite(Suite which) const {
    switch (which) {
        case Suite::smoke:
            return {
                "batch=1 heads=2 kv_heads=1 seq_q=130 seq_k=160 head_dim=64 f32 block=64 density=0.5 pattern=random",
                "batch=2 heads=2 kv_heads=2 seq_q=70 seq_k=200 head_dim=64 f16 causal block=64 density=0.5 "
                "pattern=window",
                "batch=1 heads=2 kv_heads=1 seq_q=140 seq_k=260 head_dim=128 bf16 causal block=128 density=0.7 "
                "pattern=global_window",
            };
        case Suite::edge: {
            std::vector<std::string> out;
            for (const char* dtype : {"f32", "f16", "bf16"})
                for (const char* rest : {
                         // A row that keeps nothing, a row that keeps all, no block at all, every block.
                         "heads=2 kv_heads=2 seq_q=130 seq_k=130 head_dim=64 {} block=64 density=0.5 pattern=empty_row",
                         "heads=2 kv_heads=1 seq_q=130 seq_k=130 head_dim=64 {} causal block=64 density=0.3 "
                         "pattern=full_row",
                         "heads=1 kv_heads=1 seq_q=70 seq_k=130 head_dim=64 {} block=64 density=0 pattern=random",
                         "heads=2 kv_heads=1 seq_q=70 seq_k=131 head_dim=64 {} causal block=64 density=1 "
                         "pattern=random",
                         // Unequal lengths; more queries than keys, so that the first see nothing; no multiples.
                         "heads=4 kv_heads=2 seq_q=65 seq_k=140 head_dim=64 {} causal block=128 density=0.5 "
                         "pattern=random",
                         "heads=2 kv_heads=2 seq_q=140 seq_k=70 head_dim=64 {} causal block=64 density=0.6 "
                         "pattern=global_window",
                         "heads=4 kv_heads=1 seq_q=63 seq_k=129 head_dim=64 {} block=64 density=0.4 pattern=window",
                         "heads=2 kv_heads=1 seq_q=33 seq_k=191 head_dim=128 {} block=128 density=0.5 pattern=random",
                         // One query, one key, no key.
                         "heads=2 kv_heads=1 seq_q=1 seq_k=300 head_dim=128 {} causal block=64 density=0.5 "
                         "pattern=random",
                         "heads=1 kv_heads=1 seq_q=3 seq_k=1 head_dim=64 {} block=64 density=1 pattern=random",
                         "heads=1 kv_heads=1 seq_q=5 seq_k=0 head_dim=64 {} block=64 density=1 pattern=random",
                         "heads=1 kv_heads=1 seq_q=1 seq_k=1 head_dim=128 {} causal block=128 density=1 pattern=random",
                         "heads=2 kv_heads=1 seq_q=2 seq_k=0 head_dim=128 {} causal block=128 density=0 "
                         "pattern=window",
                         // A mask block, and one more or less of it.
                         "heads=1 kv_heads=1 seq_q=64 seq_k=128 head_dim=64 {} causal block=64 density=0.5 "
                         "pattern=random",
                         "heads=1 kv_heads=1 seq_q=129 seq_k=127 head_dim=64 {} causal block=128 density=0.5 "
                         "pattern=full_row",
                         "heads=1 kv_heads=1 seq_q=127 seq_k=65 head_dim=128 {} causal block=64 density=0.7 "
                         "pattern=random",
                         // Scores of ±80 where the key is kept.
                         "heads=1 kv_heads=1 seq_q=66 seq_k=129 head_dim=64 {} logits=80 block=64 density=0.5 "
                         "pattern=random",
                     })
                    out.push_back("batch=1 " + fmt::format(fmt::runtime(rest), dtype));
            out.push_back(
                "batch=2 heads=2 kv_heads=1 seq_q=100 seq_k=100 head_dim=64 f32 causal block=64 density=0.5 "
                "pattern=random");
            return out;
        }
        case Suite::quick:
        case Suite::cpu:
            return {
                "batch=1 heads=2 kv_heads=1 seq_q=512 seq_k=512 head_dim=64 f32 causal block=64 density=0.25 "
                "pattern=window",
                "batch=1 heads=2 kv_heads=2 seq_q=512 seq_k=512 head_dim=64 f32 block=64 density=0.25 pattern=random",
                "batch=1 heads=1 kv_heads=1 seq_q=512 seq_k=512 head_dim=128 f16 block=128 density=0.5 "
                "pattern=global_window",
                "batch=1 heads=1 kv_heads=1 seq_q=1024 seq_k=1024 head_dim=64 bf16 causal block=64 density=0.1 "
                "pattern=random",
            };
        case Suite::full: {
            // Prefill at the head counts of 8-billion-parameter models, at falling density, then longer.
            const std::string_view heads = "batch=1 heads=32 kv_heads=8";
            std::vector<std::string> out;
            for (const char* density : {"0.05", "0.1", "0.25", "0.5", "1"})
                out.push_back(
                    fmt::format("{} seq_q=8192 seq_k=8192 head_dim=128 f16 causal block=128 density={} "
                                "pattern=random",
                                heads, density));
            for (const char* rest : {
                     "seq_q=8192 seq_k=8192 head_dim=128 f32 causal block=128 density=0.1 pattern=random",
                     "seq_q=8192 seq_k=8192 head_dim=128 bf16 causal block=128 density=0.1 pattern=random",
                     "seq_q=8192 seq_k=8192 head_dim=128 f16 causal block=64 density=0.1 pattern=random",
                     "seq_q=8192 seq_k=8192 head_dim=64 f16 causal block=64 density=0.1 pattern=random",
                     "seq_q=8192 seq_k=8192 head_dim=128 f16 causal block=128 density=0.1 pattern=window",
                     "seq_q=8192 seq_k=8192 head_dim=128 f16 causal block=128 density=0.1 pattern=global_window",
                     "seq_q=8192 seq_k=8192 head_dim=128 f16 block=128 density=0.1 pattern=random",
                     "seq_q=2048 seq_k=32768 head_dim=128 f16 causal block=128 density=0.1 pattern=random",
                     "seq_q=32768 seq_k=32768 head_dim=128 f16 causal block=128 density=0.1 pattern=random",
                 })
                out.push_back(fmt::format("{} {}", heads, rest));
            return out;
        }
    }
    throw std::logic_error("a suite without problems");
}

}  // namespace

SparseWork count_work(const AttentionShape& shape, const BlockGrid& grid, const BlockMask& mask) {
    SparseWork work;
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

VisibleKeys sparse_visibility(const AttentionShape& shape, const BlockGrid& grid,
                              std::span<const std::int32_t> row_begin, std::span<const std::int32_t> column) {
    return [=](std::int64_t batch, std::int64_t head, std::int64_t query, std::vector<std::int32_t>& keys) {
        const std::int64_t row = (batch * shape.heads + head) * grid.query_blocks() + query / grid.block;
        const std::int64_t seen = visible_keys(shape, query);
        for (auto at = row_begin[row]; at < row_begin[row + 1]; ++at) {
            const std::int64_t begin = column[at] * grid.block, end = std::min(begin + grid.block, seen);
            for (std::int64_t key = begin; key < end; ++key) keys.push_back(static_cast<std::int32_t>(key));
        }
    };
}

SparseAttentionProblem::SparseAttentionProblem(const AttentionShape& shape, std::int64_t block, MaskPattern pattern,
                                               double density)
    : shape_(shape),
      grid_{shape.seq_q, shape.seq_k, block, shape.causal},
      pattern_(pattern),
      density_(density),
      mask_(make_block_mask(grid_, shape.batch * shape.heads, pattern, density, mask_seed)),
      work_(count_work(shape_, grid_, mask_)) {}

SparseAttentionProblem::SparseAttentionProblem(const SparseAttentionProblem& other, BlockMask mask)
    : shape_(other.shape_),
      grid_(other.grid_),
      pattern_(other.pattern_),
      density_(other.density_),
      mask_(std::move(mask)),
      work_(count_work(shape_, grid_, mask_)) {}

double SparseAttentionProblem::kept_share() const {
    const auto candidates = static_cast<double>(grid_.candidates() * shape_.batch * shape_.heads);
    return candidates > 0 ? static_cast<double>(mask_.column.size()) / candidates : 0;
}

std::string SparseAttentionProblem::id() const {
    return fmt::format("{} block={} density={} pattern={}", attention_text(shape_), grid_.block, density_,
                       name(pattern_));
}

double SparseAttentionProblem::flops() const { return attention_flops(shape_, work_.pairs); }

double SparseAttentionProblem::dense_flops() const { return attention_flops(shape_, attention_pairs(shape_)); }

double SparseAttentionProblem::bytes() const {
    const auto row_bytes = static_cast<double>(shape_.head_dim * static_cast<std::int64_t>(size_of(shape_.dtype)));
    double bytes = (work_.query_rows + 2 * work_.key_rows) * row_bytes;
    const std::vector<TensorSpec> specs = tensors();
    for (std::size_t index : {sparse_row_begin, sparse_column, sparse_o, sparse_lse})
        bytes += static_cast<double>(specs[index].bytes());
    return bytes;
}

std::vector<TensorSpec> SparseAttentionProblem::tensors() const {
    std::vector<TensorSpec> specs = attention_tensors(shape_);
    const auto rows = static_cast<std::int64_t>(mask_.row_begin.size()),
               kept = static_cast<std::int64_t>(mask_.column.size());
    specs.insert(specs.begin() + sparse_row_begin, {{"row_begin", Role::input, Dtype::i32, {rows}, {"rows + 1"}},
                                                    {"column", Role::input, Dtype::i32, {kept}, {"kept"}, true}});
    return specs;
}

std::vector<Tensor> SparseAttentionProblem::inputs(std::uint64_t seed, Fill fill) const {
    std::vector<Tensor> out = attention_inputs(shape_, seed, fill);
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

std::vector<Expected> SparseAttentionProblem::reference(std::span<const Tensor> inputs,
                                                        const Arithmetic& arithmetic) const {
    const auto row_begin = inputs[sparse_row_begin].as<std::int32_t>();
    const auto column = inputs[sparse_column].as<std::int32_t>();
    return attention_reference(shape_, inputs, work_.pairs, sparse_visibility(shape_, grid_, row_begin, column),
                               arithmetic);
}

const SparseAttentionProblem& sparse_attention_problem(const Problem& problem) {
    if (const auto* found = dynamic_cast<const SparseAttentionProblem*>(&problem)) return *found;
    throw std::logic_error("sparse_attention was handed a problem of " + std::string(problem.operation()));
}

std::unique_ptr<Operation> sparse_attention_operation() { return std::make_unique<SparseAttention>(); }

}  // namespace stele
