#include "kernels/ceiling/operation.hpp"

#include "kernels/ceiling/problem.hpp"
#include "kernels/ceiling/rows.hpp"

namespace stele::ceiling {
namespace {

class CeilingOperation final : public Operation {
public:
    std::string_view name() const override { return "ceiling"; }
    std::string_view summary() const override {
        return "what a loop in registers, memory and launches reach: the rates that others are shares of";
    }
    std::string_view problem_grammar() const override { return grammar; }
    std::unique_ptr<Problem> parse(std::string_view text) const override {
        ProblemText words("ceiling", grammar, text);
        return std::make_unique<CeilingProblem>(take_shape(words));
    }
    std::vector<std::string> suite(Suite suite) const override { return ceiling::suite(suite); }
    const std::vector<Variant>& variants() const override { return variants_; }

private:
    std::vector<Variant> variants_ = all_variants();
};

}  // namespace

std::unique_ptr<Operation> make_operation() { return std::make_unique<CeilingOperation>(); }

}  // namespace stele::ceiling
