#include "kernels/ceiling/problem.hpp"

#include <fmt/format.h>

namespace stele::ceiling {
namespace {

double as_double(std::int64_t value) { return static_cast<double>(value); }

}  // namespace

const std::string_view grammar =
    "blocks=B iterations=I [f32|f16|bf16], or bytes=N of a copy  (blocks at least 1, iterations at most 2^20, bytes a "
    "multiple of 16)";

Shape take_shape(ProblemText& words) {
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

}  // namespace stele::ceiling
