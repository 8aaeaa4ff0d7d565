#include "kernels/gemm/operation.hpp"

#include <fmt/format.h>

#include "kernels/gemm/problem.hpp"
#include "kernels/gemm/rows.hpp"

namespace stele::gemm {
namespace {

constexpr double most_bytes = 0x1p43;

class GemmOperation final : public Operation {
public:
    GemmOperation() {
        for (auto rows : {&naive_variants, &tiled_variants, &half_variants, &panel_variants, &tensor_variants,
                          &bulk_variants, &hopper_auto_variants, &hopper_single_variants, &hopper_roles_variants,
                          &hopper_persistent_variants, &hopper_clusters_variants, &hopper_lean_variants,
                          &hopper_split_variants, &hopper_scaled_variants, &tile_variants, &vendor_variants})
            for (Variant& variant : rows()) variants_.push_back(std::move(variant));
    }

    std::string_view name() const override { return "gemm"; }
    std::string_view summary() const override {
        return "C[M,N] = A[M,K] B[K,N]; b=nk gives B as [N,K], as weights are kept";
    }
    std::string_view problem_grammar() const override { return grammar; }

    std::unique_ptr<Problem> parse(std::string_view text) const override {
        ProblemText words("gemm", grammar, text);
        auto problem = std::make_unique<GemmProblem>(take_shape(words));
        if (problem->bytes() > most_bytes)
            words.fail(fmt::format("its matrices take {:.3g} bytes, more than the {:.3g} accepted", problem->bytes(),
                                   most_bytes));
        return problem;
    }

    std::vector<std::string> suite(Suite suite) const override { return gemm::suite(suite); }
    const std::vector<Variant>& variants() const override { return variants_; }

private:
    std::vector<Variant> variants_;
};

}  // namespace

std::unique_ptr<Operation> make_operation() { return std::make_unique<GemmOperation>(); }

}  // namespace stele::gemm
