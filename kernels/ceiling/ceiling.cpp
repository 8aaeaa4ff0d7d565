#include "kernels/ceiling/ceiling.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "kernels/problem_text.hpp"

namespace stele {
namespace ceiling {
namespace {

constexpr std::string_view grammar =
    "blocks=B iterations=I [f32|f16|bf16], or bytes=N of a copy  (blocks at least 1, iterations at most 2^20, bytes a "
    "multiple of 16)";

Shape read(ProblemText& words) {
    Shape shape;
    shape.copied_bytes = words.take_extent_or("bytes", 0, 16, std::int64_t{1} << 34);
    if (shape.copied_bytes == 0) {
        shape.blocks = words.take_extent("blocks", 1, std::int64_t{1} << 20);
        shape.iterations = words.take_extent("iterations", 0, most_iterations);
        shape.dtype = words.take_dtype({Dtype::f32, Dtype::f16, Dtype::bf16});
    }
    words.finish();
    if (shape.copied_bytes % 16 != 0) words.fail("bytes are copied in pieces of 16");
    return shape;
}

class CeilingOperation final : public Operation {
public:
    CeilingOperation() {
        const std::vector<Row> rows{
            {"fma", {Language::cuda, Language::ptx, Language::opencl}, {Dtype::f32}},
            {"half2", {Language::cuda, Language::ptx}, {Dtype::f16}},
            {"mma", {Language::ptx}, {Dtype::f16, Dtype::bf16}, {"sm_80", "sm_90a", "sm_100", "sm_120"}, 2048},
            {"wmma", {Language::cuda}, {Dtype::f16, Dtype::bf16}, {"sm_80", "sm_90a", "sm_100", "sm_120"}, 10240},
            {"wgmma", {Language::ptx}, {Dtype::f16, Dtype::bf16}, {"sm_90a"}, 0, 10240},
            {"copy", {Language::cuda, Language::opencl}, {Dtype::u8}},
        };
        for (const Row& row : rows)
            for (Variant& variant : variants_of(row)) variants_.push_back(std::move(variant));
    }

    std::string_view name() const override { return "ceiling"; }
    std::string_view summary() const override {
        return "what a loop in registers and a copy reach: the rates that others are shares of";
    }
    std::string_view problem_grammar() const override { return grammar; }
    std::unique_ptr<Problem> parse(std::string_view text) const override {
        ProblemText words("ceiling", grammar, text);
        return std::make_unique<CeilingProblem>(read(words));
    }
    std::vector<std::string> suite(Suite suite) const override;
    const std::vector<Variant>& variants() const override { return variants_; }

private:
    std::vector<Variant> variants_;
};

std::vector<std::string> CeilingOperation::suite(Suite suite) const {
    switch (suite) {
        case Suite::smoke:
            return {"blocks=1 iterations=3 f32", "blocks=2 iterations=5 f16", "blocks=1 iterations=4 bf16",
                    "bytes=4096"};
        case Suite::edge:
            return {"blocks=1 iterations=0 f32",
                    "blocks=1 iterations=0 f16",
                    "blocks=1 iterations=0 bf16",
                    "blocks=3 iterations=1 f32",
                    "blocks=1 iterations=129 f16",
                    "blocks=3 iterations=2 bf16",
                    "bytes=16",
                    "bytes=1000016"};
        case Suite::quick:
        case Suite::cpu:
            return {};
        case Suite::full:
            // 1056 is eight blocks for each of 132 multiprocessors: whole waves for 1 to 4 resident blocks.
            return {"blocks=1056 iterations=1024 f32", "blocks=1056 iterations=2048 f16",
                    "blocks=1056 iterations=8192 f16", "blocks=1056 iterations=8192 bf16", "bytes=1073741824"};
    }
    throw std::logic_error("unknown suite");
}

double as_double(std::int64_t value) { return static_cast<double>(value); }

}  // namespace

std::string CeilingProblem::id() const {
    if (is_copy()) return fmt::format("bytes={}", shape_.copied_bytes);
    return fmt::format("blocks={} iterations={} {}", shape_.blocks, shape_.iterations, stele::name(shape_.dtype));
}

double CeilingProblem::flops() const {
    if (is_copy()) return 0;
    return 2 * as_double(shape_.blocks) * as_double(block_m * block_n * depth) * as_double(shape_.iterations);
}

double CeilingProblem::bytes() const {
    double sum = 0;
    for (const TensorSpec& spec : tensors()) sum += static_cast<double>(spec.bytes());
    return sum;
}

std::vector<TensorSpec> CeilingProblem::tensors() const {
    if (is_copy())
        return {{"from", Role::input, Dtype::u8, {shape_.copied_bytes}, {"bytes"}},
                {"to", Role::output, Dtype::u8, {shape_.copied_bytes}, {"bytes"}}};
    return {{"a", Role::input, shape_.dtype, {block_m}, {"64"}},
            {"b", Role::input, shape_.dtype, {block_n}, {"256"}},
            {"C", Role::output, Dtype::f32, {shape_.blocks, block_m, block_n}, {"blocks", "64", "256"}}};
}

std::vector<Tensor> CeilingProblem::inputs(std::uint64_t seed, Fill how) const {
    std::vector<Tensor> list;
    for (TensorSpec& spec : tensors()) {
        if (spec.role != Role::input) continue;
        const std::uint64_t own_seed = seed * 2 + list.size();
        // Signs, and bytes, of normally distributed numbers.
        Tensor drawn(TensorSpec{spec.name, Role::input, Dtype::f32, spec.shape, spec.dimensions});
        fill(drawn, how, own_seed);
        Tensor& tensor = list.emplace_back(std::move(spec));
        const auto numbers = drawn.as<float>();
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            const double sign = numbers[i] > 0 ? 1 : numbers[i] < 0 ? -1 : 0;
            if (is_copy())
                tensor.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(static_cast<int>(numbers[i] * 64) & 0xff);
            else
                tensor.set(i, sign);
        }
    }
    return list;
}

std::vector<Expected> CeilingProblem::reference(std::span<const Tensor> inputs, const Arithmetic&) const {
    Expected expected;
    const std::size_t elements = tensors().back().elements();
    expected.bound.assign(elements, 0.0);
    expected.value.resize(elements);
    for (std::size_t i = 0; i < elements; ++i) {
        const auto row = static_cast<std::int64_t>(i) / block_n % block_m, col = static_cast<std::int64_t>(i) % block_n;
        expected.value[i] = is_copy()
                                ? inputs[0].at(i)
                                : as_double(depth * shape_.iterations) * inputs[0].at(static_cast<std::size_t>(row)) *
                                      inputs[1].at(static_cast<std::size_t>(col));
    }
    return {std::move(expected)};
}

}  // namespace ceiling

std::unique_ptr<Operation> ceiling_operation() { return std::make_unique<ceiling::CeilingOperation>(); }

}  // namespace stele
