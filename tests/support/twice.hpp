// The smallest operation there is, for tests of the harness: Y[R,C] = 2 X[R,C].
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernels/operation.hpp"
#include "kernels/problem_text.hpp"

namespace stele::test {

class TwiceProblem : public Problem {
public:
    TwiceProblem(std::int64_t rows, std::int64_t columns) : rows_(rows), columns_(columns) {}

    std::string_view operation() const override { return "twice"; }
    std::string id() const override {
        return "rows=" + std::to_string(rows_) + " columns=" + std::to_string(columns_) + " f32";
    }
    Dtype dtype() const override { return Dtype::f32; }
    double flops() const override { return static_cast<double>(rows_ * columns_); }
    double bytes() const override { return 2.0 * 4.0 * flops(); }
    std::vector<TensorSpec> tensors() const override {
        return {{"X", Role::input, Dtype::f32, {rows_, columns_}, {"R", "C"}},
                {"Y", Role::output, Dtype::f32, {rows_, columns_}, {"R", "C"}}};
    }
    std::vector<Tensor> inputs(std::uint64_t seed, Fill how) const override {
        std::vector<Tensor> out{Tensor(tensors()[0])};
        fill(out[0], how, seed);
        return out;
    }
    std::vector<Expected> reference(std::span<const Tensor> inputs, const Arithmetic&) const override {
        ++references;
        if (refuse) refuse();
        Expected expected;
        for (float x : inputs[0].as<float>()) {
            expected.value.push_back(2.0 * x);
            expected.bound.push_back(unit_roundoff(Dtype::f32) * std::abs(expected.value.back()));
        }
        return {expected};
    }
    ProbeResult probe(std::span<const Tensor>, std::span<const Tensor>, const Arithmetic&) const override {
        return probe_result;
    }

    mutable int references = 0;  ///< how often reference() was asked
    ProbeResult probe_result;
    void (*refuse)() = nullptr;  ///< throws in the place of a reference

private:
    std::int64_t rows_, columns_;
};

/// What a wrong or right kernel does: x and y of `count` elements, y followed and preceded by guard bands.
using TwiceKernel = std::function<void(float* x, float* y, std::int64_t count)>;

inline void twice(float* x, float* y, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) y[i] = 2 * x[i];
}

/// A host variant `twice/<algorithm>.host` whose kernel's entry is the algorithm's name.
inline Variant twice_variant(const std::string& algorithm, const TwiceKernel& kernel = twice, std::string tile = "",
                             bool default_tile = true) {
    Variant variant;
    variant.operation = "twice";
    variant.algorithm = algorithm;
    variant.language = Language::host;
    variant.tile = std::move(tile);
    variant.default_tile = default_tile;
    variant.supports_problem = [](const DeviceInfo&, const Problem&) { return Support{}; };
    variant.make_plan = [algorithm, kernel](const DeviceInfo&, const Problem& problem) {
        Plan plan;
        KernelSource source;
        source.entry = algorithm;
        source.call = [kernel](const HostCallContext& context) {
            kernel(static_cast<float*>(context.arguments[0]), static_cast<float*>(context.arguments[1]),
                   *static_cast<const std::int64_t*>(context.arguments[2]));
        };
        plan.kernels.push_back(source);
        const auto count = static_cast<std::int64_t>(problem.tensors()[0].elements());
        plan.steps.push_back({0, {}, {}, 0, {TensorOperand{0}, TensorOperand{1}, count}});
        return plan;
    };
    return variant;
}

/// Holds the variants it is given.
class TwiceOperation : public Operation {
public:
    explicit TwiceOperation(std::vector<Variant> variants, std::string name = "twice")
        : name_(std::move(name)), variants_(std::move(variants)) {}

    std::string_view name() const override { return name_; }
    std::string_view summary() const override { return "Y = 2 X"; }
    std::string_view problem_grammar() const override { return "rows= columns="; }
    std::unique_ptr<Problem> parse(std::string_view text) const override {
        ProblemText words(name_, problem_grammar(), text);
        const auto rows = words.take_extent("rows", 0, 1 << 20);
        const auto columns = words.take_extent("columns", 0, 1 << 20);
        words.take_dtype({Dtype::f32});
        words.finish();
        return std::make_unique<TwiceProblem>(rows, columns);
    }
    std::vector<std::string> suite(Suite suite) const override {
        if (suite == Suite::edge) return {"rows=0 columns=7", "rows=1 columns=1"};
        return {"rows=4 columns=8"};
    }
    const std::vector<Variant>& variants() const override { return variants_; }

private:
    std::string name_;
    std::vector<Variant> variants_;
};

}  // namespace stele::test
