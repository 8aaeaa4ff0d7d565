#include "kernels/ceiling/problem.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stele::ceiling {
namespace {

double as_double(std::int64_t value) { return static_cast<double>(value); }

}  // namespace

const std::string_view grammar =
    "blocks=B iterations=I [f32|f16|bf16], or bytes=N [triad] of a copy or a triad, or launches=N "
    "[queue|one_by_one|graph]  (blocks at least 1, iterations at most 2^20, bytes a multiple of 16)";

Shape take_shape(ProblemText& words) {
    Shape shape;
    shape.bytes = words.take_extent_or("bytes", 0, 16, std::int64_t{1} << 34);
    shape.launches = words.take_extent_or("launches", 0, 1, 1 << 12);
    if (shape.bytes > 0) {
        shape.form = words.take_flag("triad") ? Form::triad : Form::copy;
        shape.dtype = shape.form == Form::triad ? Dtype::f32 : Dtype::u8;
    } else if (shape.launches > 0) {
        shape.form = Form::launch;
        shape.dtype = Dtype::i32;
        for (const auto& [handing, word] : named_values<Handing>())
            if (words.take_flag(std::string(word))) shape.handing = handing;
    } else {
        shape.blocks = words.take_extent("blocks", 1, std::int64_t{1} << 20);
        shape.iterations = words.take_extent("iterations", 0, most_iterations);
        shape.dtype = words.take_dtype({Dtype::f32, Dtype::f16, Dtype::bf16});
    }
    words.finish();
    if (shape.bytes % 16 != 0) words.fail("bytes are copied in pieces of 16");
    return shape;
}

std::string CeilingProblem::id() const {
    switch (shape_.form) {
        case Form::copy:
            return fmt::format("bytes={}", shape_.bytes);
        case Form::triad:
            return fmt::format("bytes={} triad", shape_.bytes);
        case Form::launch:
            return fmt::format("launches={} {}", shape_.launches, stele::name(shape_.handing));
        case Form::loop:
            break;
    }
    return fmt::format("blocks={} iterations={} {}", shape_.blocks, shape_.iterations, stele::name(shape_.dtype));
}

double CeilingProblem::flops() const {
    if (shape_.form == Form::triad) return 2 * as_double(shape_.bytes) / static_cast<double>(size_of(Dtype::f32));
    if (shape_.form != Form::loop) return 0;
    return 2 * as_double(shape_.blocks) * as_double(block_m * block_n * depth) * as_double(shape_.iterations);
}

double CeilingProblem::bytes() const {
    double sum = 0;
    for (const TensorSpec& spec : tensors()) sum += static_cast<double>(spec.bytes());
    return sum;
}

std::vector<TensorSpec> CeilingProblem::tensors() const {
    const std::int64_t elements = shape_.bytes / static_cast<std::int64_t>(size_of(shape_.dtype));
    const auto moved = [&](const char* name, Role role) {
        return TensorSpec{name, role, shape_.dtype, {elements}, {"elements"}};
    };
    switch (shape_.form) {
        case Form::copy:
            return {moved("from", Role::input), moved("to", Role::output)};
        case Form::triad:
            return {moved("b", Role::input), moved("c", Role::input), moved("to", Role::output)};
        case Form::launch:
            return {{"first", Role::input, Dtype::i32, {1}, {"1"}},
                    {"done", Role::output, Dtype::i32, {shape_.launches}, {"launches"}}};
        case Form::loop:
            break;
    }
    return {{"a", Role::input, shape_.dtype, {block_m}, {"64"}},
            {"b", Role::input, shape_.dtype, {block_n}, {"256"}},
            {"C", Role::output, Dtype::f32, {shape_.blocks, block_m, block_n}, {"blocks", "64", "256"}}};
}

std::vector<Tensor> CeilingProblem::inputs(std::uint64_t seed, Fill how) const {
    // Drawn once and repeated: a prime, so that no exchanged page or block looks right.
    constexpr std::size_t period = 65521;
    std::vector<Tensor> list;
    for (TensorSpec& spec : tensors()) {
        if (spec.role != Role::input) continue;
        const std::uint64_t own_seed = seed * 2 + list.size();
        // Whole numbers of normally distributed ones, or their signs.
        const auto drawn_elements = static_cast<std::int64_t>(std::min(period, spec.elements()));
        Tensor drawn(TensorSpec{spec.name, Role::input, Dtype::f32, {drawn_elements}, {"drawn"}});
        fill(drawn, how, own_seed);
        const auto numbers = drawn.as<float>();
        Tensor& tensor = list.emplace_back(std::move(spec));
        for (std::size_t i = 0; i < tensor.spec.elements(); ++i) {
            const float number = numbers[i % numbers.size()];
            const int whole = static_cast<int>(number * 64);
            if (shape_.form == Form::loop)
                tensor.set(i, number > 0 ? 1 : number < 0 ? -1 : 0);
            else if (shape_.form == Form::copy)
                tensor.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(whole & 0xff);
            else if (shape_.form == Form::triad)
                tensor.as<float>()[i] = static_cast<float>(whole);
            else
                tensor.as<std::int32_t>()[i] = whole;
        }
    }
    return list;
}

}  // namespace stele::ceiling
