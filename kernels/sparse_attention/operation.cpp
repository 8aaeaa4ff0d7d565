#include "kernels/sparse_attention/operation.hpp"

#include "kernels/sparse_attention/rows.hpp"

namespace stele::sparse_attention {
namespace {

constexpr std::string_view grammar =
    "batch= heads= kv_heads= seq_q= seq_k= head_dim=64|128 f32|f16|bf16 [causal] [scale=] [logits=] block=64|128 "
    "density=0…1 pattern=window|global_window|random|empty_row|full_row";

constexpr std::int64_t head_dims[] = {64, 128};

class SparseAttention final : public Operation {
public:
    std::string_view name() const override { return "sparse_attention"; }
    std::string_view summary() const override {
        return "attention over the key blocks that a mask in CSR keeps; O and lse";
    }
    std::string_view problem_grammar() const override { return grammar; }

    std::unique_ptr<Problem> parse(std::string_view words) const override {
        ProblemText text(name(), grammar, words);
        const Shape shape = take_shape(text, head_dims);
        const std::int64_t block = std::stoll(text.take_word_or("block", "64", {"64", "128"}));
        const double density = text.take_real_or("density", 0.1, 0, 1);
        const auto& names = mask_pattern_names();
        const std::string pattern = text.take_word_or("pattern", "random", {names.begin(), names.end()});
        text.finish();
        return std::make_unique<SparseAttentionProblem>(shape, block, mask_pattern(pattern), density);
    }

    std::vector<std::string> suite(Suite suite) const override { return sparse_attention::suite(suite); }

    const std::vector<Variant>& variants() const override {
        static const std::vector<Variant> all = [] {
            std::vector<Variant> out;
            for (auto rows : {masked_variants, block_gather_variants, openblas_variants})
                for (Variant& row : rows()) out.push_back(std::move(row));
            return out;
        }();
        return all;
    }
};

}  // namespace

std::unique_ptr<Operation> make_operation() { return std::make_unique<SparseAttention>(); }

}  // namespace stele::sparse_attention
