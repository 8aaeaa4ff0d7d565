#include "kernels/attention/operation.hpp"

#include <iterator>

#include "kernels/attention/rows.hpp"

namespace stele::attention {
namespace {

constexpr std::string_view grammar =
    "batch= heads= kv_heads= seq_q= seq_k= head_dim=64|128|256|576 [f32|f16|bf16|e4m3] [causal [window=]] [scale=] "
    "[latent=512] [logits=] [page=16|32|64|128|256 [shared_pages=]] [lengths=|ragged]";

constexpr std::int64_t head_dims[] = {64, 128, 256, latent_head_dim};

class Attention final : public Operation {
public:
    Attention() {
        for (auto rows : {naive_variants, flash_variants, flash_split_variants, latent_variants, latent_tensor_variants,
                          latent_hopper_variants, flash_panel_variants, flash_stream_variants, flash_tensor_variants,
                          flash_hopper_variants, tile_variants, openblas_variants, onednn_variants, cudnn_variants}) {
            std::vector<Variant> some = rows();
            std::move(some.begin(), some.end(), std::back_inserter(variants_));
        }
    }

    std::string_view name() const override { return "attention"; }
    std::string_view summary() const override {
        return "O = softmax(softmax_scale Q Kᵀ) V and lse, grouped heads, causal mask aligned to the last key, sliding "
               "window";
    }
    std::string_view problem_grammar() const override { return grammar; }

    std::unique_ptr<Problem> parse(std::string_view text) const override {
        ProblemText words("attention", grammar, text);
        Shape shape = take_shape(words, head_dims, {Dtype::f32, Dtype::f16, Dtype::bf16, Dtype::e4m3});
        take_window(words, shape);
        take_latent(words, shape);
        take_layout(words, shape);
        words.finish();
        return std::make_unique<AttentionProblem>(shape);
    }

    std::vector<std::string> suite(Suite suite) const override { return attention::suite(suite); }
    const std::vector<Variant>& variants() const override { return variants_; }

private:
    std::vector<Variant> variants_;
};

}  // namespace

std::unique_ptr<Operation> make_operation() { return std::make_unique<Attention>(); }

}  // namespace stele::attention
