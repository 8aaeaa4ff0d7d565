#include "kernels/gemm/problem.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "kernels/gemm/expected.hpp"

namespace stele::gemm {
namespace {

constexpr std::int64_t most_extent = std::int64_t{1} << 30;

bool is_8_bit(Dtype dtype) { return size_of(dtype) == 1; }

/// Scales are positive and near 1; those of s8 bring its whole numbers to unit variance.
void fill_scale(Tensor& scale, Dtype scaled, std::uint64_t seed) {
    fill(scale, Fill::normal, seed, 0.1);
    const float unit = scaled == Dtype::s8 ? 1.0f / 24 : 1.0f;
    for (float& value : scale.as<float>()) value = unit * (1.0f + value);
}

}  // namespace

const std::string_view grammar =
    "m=M n=N k=K [f32|tf32|f16|bf16|e4m3|s8] [b=kn|nk] [scale=tensor|block] [batch=B], or groups=M0,M1,… in the place "
    "of "
    "m=  (n and m at least 1, k at least 0; f32 and b=kn when not given; e4m3 and s8 take b=nk and scales)";

Shape take_shape(ProblemText& words) {
    Shape shape;
    shape.groups = words.take_extents("groups", 0, most_extent);
    shape.m = shape.groups.empty() ? words.take_extent("m", 1, most_extent)
                                   : std::accumulate(shape.groups.begin(), shape.groups.end(), std::int64_t{0});
    if (shape.m < 1 || shape.m > most_extent) words.fail(fmt::format("its groups have {} rows together", shape.m));
    shape.n = words.take_extent("n", 1, most_extent);
    shape.k = words.take_extent("k", 0, most_extent);
    shape.dtype = words.take_dtype({Dtype::f32, Dtype::tf32, Dtype::f16, Dtype::bf16, Dtype::e4m3, Dtype::s8});
    const std::string narrow_layout = is_8_bit(shape.dtype) ? "nk" : "kn";
    shape.b = words.take_word_or("b", narrow_layout, {"kn", "nk"}) == "nk" ? LayoutB::nk : LayoutB::kn;
    const std::string scale = words.take_word_or("scale", "", {"tensor", "block"});
    shape.batch = words.take_extent_or("batch", 1, 1, most_extent);
    words.finish();
    if (is_8_bit(shape.dtype) && shape.b == LayoutB::kn)
        words.fail("matrix units take 8-bit operands with k contiguous in both, so B is [N,K]: give b=nk");
    if (!is_8_bit(shape.dtype) && !scale.empty()) words.fail("only e4m3 and s8 have scales");
    if (!shape.groups.empty() && shape.batch > 1) words.fail("groups and a batch do not go together");
    if (is_8_bit(shape.dtype)) shape.scale = scale == "block" ? Scale::block : Scale::tensor;
    return shape;
}

Dtype output_dtype(Dtype operands) {
    return is_8_bit(operands) ? Dtype::bf16 : operands == Dtype::tf32 ? Dtype::f32 : operands;
}

std::string instance(const Shape& shape) {
    return fmt::format("{} {}{}", stele::name(shape.dtype), name(shape.b), shape.scale == Scale::block ? " block" : "");
}

std::int64_t Shape::most_rows() const { return groups.empty() ? m : *std::ranges::max_element(groups); }

Operand row_begin_operand(const Shape& shape) {
    if (shape.groups.empty()) return NullOperand{};
    return TensorOperand{index_of_c(shape) - 1};
}

std::size_t index_of_c(const Shape& shape) {
    return 2 + (shape.scale != Scale::none ? 2 : 0) + (shape.groups.empty() ? 0 : 1);
}

const GemmProblem& as_gemm(const Problem& problem) { return dynamic_cast<const GemmProblem&>(problem); }

std::string GemmProblem::id() const {
    std::string out =
        shape_.groups.empty() ? fmt::format("m={}", shape_.m) : fmt::format("groups={}", fmt::join(shape_.groups, ","));
    out += fmt::format(" n={} k={} {}", shape_.n, shape_.k, stele::name(shape_.dtype));
    if (shape_.b == LayoutB::nk) out += " b=nk";
    if (shape_.scale == Scale::block) out += " scale=block";
    if (shape_.batch > 1) out += fmt::format(" batch={}", shape_.batch);
    return out;
}

double GemmProblem::flops() const {
    return 2.0 * static_cast<double>(shape_.batch) * static_cast<double>(shape_.m) * static_cast<double>(shape_.n) *
           static_cast<double>(shape_.k);
}

double GemmProblem::bytes() const {
    // In double, as the extents of a text that was not checked yet may be anything.
    double sum = 0;
    for (const TensorSpec& spec : tensors()) {
        double bytes = static_cast<double>(size_of(spec.dtype));
        for (std::int64_t extent : spec.shape) bytes *= static_cast<double>(extent);
        sum += bytes;
    }
    return sum;
}

std::vector<TensorSpec> GemmProblem::tensors() const {
    const auto spec = [](std::string name, Role role, Dtype dtype, std::vector<std::int64_t> shape,
                         std::vector<std::string> dimensions, std::string_view before, std::int64_t count) {
        if (!before.empty()) {
            shape.insert(shape.begin(), count);
            dimensions.insert(dimensions.begin(), std::string(before));
        }
        return TensorSpec{std::move(name), role, dtype, std::move(shape), std::move(dimensions)};
    };
    const auto& s = shape_;
    const bool grouped = !s.groups.empty();
    const auto groups = static_cast<std::int64_t>(s.groups.size());
    const std::string_view batch = s.batch > 1 ? "batch" : "", matrices = grouped ? "groups" : batch;
    const std::int64_t count = grouped ? groups : s.batch;
    const auto blocks = [](std::int64_t extent) { return (extent + scale_block - 1) / scale_block; };

    std::vector<TensorSpec> list;
    list.push_back(spec("A", Role::input, s.dtype, {s.m, s.k}, {"M", "K"}, batch, s.batch));
    if (s.b == LayoutB::kn)
        list.push_back(spec("B", Role::input, s.dtype, {s.k, s.n}, {"K", "N"}, matrices, count));
    else
        list.push_back(spec("B", Role::input, s.dtype, {s.n, s.k}, {"N", "K"}, matrices, count));
    if (s.scale == Scale::tensor) {
        list.push_back({"scale_a", Role::input, Dtype::f32, {1}, {"1"}});
        list.push_back({"scale_b", Role::input, Dtype::f32, {1}, {"1"}});
    } else if (s.scale == Scale::block) {
        list.push_back(spec("scale_a", Role::input, Dtype::f32, {s.m, blocks(s.k)}, {"M", "K/128"}, batch, s.batch));
        list.push_back(
            spec("scale_b", Role::input, Dtype::f32, {blocks(s.n), blocks(s.k)}, {"N/128", "K/128"}, matrices, count));
    }
    if (grouped) list.push_back({"row_begin", Role::input, Dtype::i32, {groups + 1}, {"groups + 1"}});
    list.push_back(spec("C", Role::output, output_dtype(s.dtype), {s.m, s.n}, {"M", "N"}, batch, s.batch));
    return list;
}

std::vector<Tensor> GemmProblem::inputs(std::uint64_t seed, Fill how) const {
    std::vector<Tensor> list;
    for (TensorSpec& spec : tensors()) {
        if (spec.role != Role::input) continue;
        const std::uint64_t own_seed = seed * 2 + list.size();
        Tensor& tensor = list.emplace_back(std::move(spec));
        if (tensor.spec.name == "row_begin")
            std::partial_sum(shape_.groups.begin(), shape_.groups.end(), tensor.as<std::int32_t>().begin() + 1);
        else if (tensor.spec.dtype == Dtype::f32 && list.size() > 2)
            fill_scale(tensor, shape_.dtype, own_seed);
        else
            fill(tensor, how, own_seed);
    }
    return list;
}

void GemmProblem::check_inputs(std::span<const Tensor> inputs) const {
    for (const Tensor& tensor : inputs) {
        if (tensor.spec.dtype == Dtype::tf32)
            for (float value : tensor.as<float>())
                if (std::isfinite(value) && rounded_to_tf32(value) != value)
                    throw ProblemError(fmt::format("{} holds {}, which is no tf32 number: its 13 lowest bits must be 0",
                                                   tensor.spec.name, value));
        if (tensor.spec.name != "row_begin") continue;
        const std::vector<Tensor> own = this->inputs(0, Fill::zeros);
        if (!std::ranges::equal(tensor.as<std::int32_t>(), own.back().as<std::int32_t>()))
            throw ProblemError("row_begin does not hold the sums of the problem's groups");
    }
}

std::vector<Expected> GemmProblem::reference(std::span<const Tensor> inputs, const Arithmetic& arithmetic) const {
    return {expected(shape_, inputs, arithmetic)};
}

double GemmProblem::reference_bytes() const { return expected_bytes(shape_); }

ProbeResult GemmProblem::probe(std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                               const Arithmetic& arithmetic) const {
    return is_sampled(shape_) ? probe_products(shape_, inputs, outputs[0], arithmetic) : ProbeResult{};
}

}  // namespace stele::gemm
