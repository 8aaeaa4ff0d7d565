#include "kernels/attention/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace stele::attention {
namespace {

// Grid extents in y and z end at 65535 on NVIDIA.
constexpr std::int64_t most_heads = 65535;
// Offsets within a head and numbers of query rows are 32-bit in the kernels; offsets across heads are 64-bit.
constexpr std::int64_t most_keys = std::int64_t{1} << 23;
constexpr std::int64_t most_elements = std::int64_t{1} << 36;

/// Makes each row of Q a multiple of a key that it sees.
void reach_logits(const Shape& shape, Tensor& q, const Tensor& k) {
    for (std::int64_t row = 0; row < shape.rows(); ++row) {
        const std::int64_t query = row % shape.seq_q;
        const std::int64_t head = row / shape.seq_q % shape.heads, batch = row / shape.seq_q / shape.heads;
        const std::int64_t seen = visible_keys(shape, query);
        if (seen == 0) continue;
        // 7919 is a prime beyond the tile sizes, so that the chosen keys fall into different tiles.
        const std::int64_t key = row * 7919 % seen;
        const std::size_t from = static_cast<std::size_t>(
            ((batch * shape.kv_heads + head / shape.group()) * shape.seq_k + key) * shape.head_dim);
        double norm = 0;
        for (std::int64_t d = 0; d < shape.head_dim; ++d) norm += k.at(from + d) * k.at(from + d);
        if (norm == 0) continue;
        const double factor = (row % 2 == 0 ? shape.logits : -shape.logits) / (norm * shape.softmax_scale);
        for (std::int64_t d = 0; d < shape.head_dim; ++d)
            q.set(static_cast<std::size_t>(row * shape.head_dim + d), factor * k.at(from + d));
    }
}

}  // namespace

float default_softmax_scale(std::int64_t head_dim) {
    return static_cast<float>(1.0 / std::sqrt(static_cast<double>(head_dim)));
}

std::int64_t visible_keys(const Shape& shape, std::int64_t query) {
    if (!shape.causal) return shape.seq_k;
    return std::clamp<std::int64_t>(query + 1 + shape.seq_k - shape.seq_q, 0, shape.seq_k);
}

double pairs_of(const Shape& shape) {
    const double q = static_cast<double>(shape.seq_q), k = static_cast<double>(shape.seq_k);
    double pairs = q * k;
    // Row i sees i + 1 + (k − q) keys, or none: a trapezium if k ≥ q, else the triangle of the last k rows.
    if (shape.causal) pairs = k >= q ? q * (k - q) + q * (q + 1) / 2 : k * (k + 1) / 2;
    return pairs * static_cast<double>(shape.batch * shape.heads);
}

double flops_of(const Shape& shape, double pairs) { return 4.0 * static_cast<double>(shape.head_dim) * pairs; }

Shape take_shape(ProblemText& text) {
    Shape shape;
    shape.batch = text.take_extent("batch", 1, most_heads);
    shape.heads = text.take_extent("heads", 1, most_heads);
    shape.kv_heads = text.take_extent("kv_heads", 1, most_heads);
    shape.seq_q = text.take_extent("seq_q", 1, most_keys);
    shape.seq_k = text.take_extent("seq_k", 0, most_keys);
    shape.head_dim = text.take_extent("head_dim", 1, most_keys);
    shape.dtype = text.take_dtype({Dtype::f32, Dtype::f16, Dtype::bf16});
    shape.causal = text.take_flag("causal");
    const float by_default = default_softmax_scale(shape.head_dim);
    shape.softmax_scale = static_cast<float>(text.take_real_or("scale", by_default, -1e4, 1e4));
    shape.logits = text.take_real_or("logits", 0, 0, 1e4);
    if (shape.head_dim != 64 && shape.head_dim != 128)
        text.fail(fmt::format("head_dim={} is not supported: the kernels are built for 64 and 128", shape.head_dim));
    if (shape.heads % shape.kv_heads != 0)
        text.fail(
            fmt::format("heads={} is not a multiple of kv_heads={}: query heads share key-value heads in equal "
                        "groups",
                        shape.heads, shape.kv_heads));
    if (shape.logits != 0 && shape.softmax_scale == 0) text.fail("logits cannot be reached with scale=0");
    if (shape.rows() > most_elements / shape.head_dim ||
        shape.batch * shape.kv_heads * shape.seq_k > most_elements / shape.head_dim)
        text.fail(fmt::format("a tensor would have more than {} elements", most_elements));
    return shape;
}

std::string shape_text(const Shape& shape) {
    std::string out =
        fmt::format("batch={} heads={} kv_heads={} seq_q={} seq_k={} head_dim={} {}", shape.batch, shape.heads,
                    shape.kv_heads, shape.seq_q, shape.seq_k, shape.head_dim, name(shape.dtype));
    if (shape.causal) out += " causal";
    // fmt's shortest form that reads back to the same f32.
    if (shape.softmax_scale != default_softmax_scale(shape.head_dim))
        out += fmt::format(" scale={}", shape.softmax_scale);
    if (shape.logits != 0) out += fmt::format(" logits={}", shape.logits);
    return out;
}

std::vector<TensorSpec> tensors_of(const Shape& shape) {
    const std::vector<std::int64_t> query_shape{shape.batch, shape.heads, shape.seq_q, shape.head_dim};
    const std::vector<std::int64_t> key_shape{shape.batch, shape.kv_heads, shape.seq_k, shape.head_dim};
    const std::vector<std::string> query_names{"batch", "heads", "seq_q", "head_dim"};
    const std::vector<std::string> key_names{"batch", "kv_heads", "seq_k", "head_dim"};
    return {{"Q", Role::input, shape.dtype, query_shape, query_names},
            {"K", Role::input, shape.dtype, key_shape, key_names},
            {"V", Role::input, shape.dtype, key_shape, key_names},
            {"O", Role::output, shape.dtype, query_shape, query_names},
            {"lse", Role::output, Dtype::f32, {shape.batch, shape.heads, shape.seq_q}, {"batch", "heads", "seq_q"}}};
}

std::vector<Tensor> inputs_of(const Shape& shape, std::uint64_t seed, Fill how) {
    const std::vector<TensorSpec> specs = tensors_of(shape);
    std::vector<Tensor> out;
    for (std::size_t i = 0; i < 3; ++i) {
        out.emplace_back(specs[i]);
        fill(out.back(), how, seed * 3 + i);
    }
    if (shape.logits != 0 && how != Fill::zeros) reach_logits(shape, out[tensor_q], out[tensor_k]);
    return out;
}

VisibleKeys dense_visibility(const Shape& shape) {
    return [shape](std::int64_t, std::int64_t, std::int64_t query, std::vector<std::int32_t>& keys) {
        keys.resize(static_cast<std::size_t>(visible_keys(shape, query)));
        for (std::size_t j = 0; j < keys.size(); ++j) keys[j] = static_cast<std::int32_t>(j);
    };
}

double AttentionProblem::flops() const { return flops_of(shape_, pairs_of(shape_)); }

double AttentionProblem::bytes() const {
    double bytes = 0;
    for (const TensorSpec& spec : tensors()) bytes += static_cast<double>(spec.bytes());
    return bytes;
}

std::vector<Tensor> AttentionProblem::inputs(std::uint64_t seed, Fill how) const {
    return inputs_of(shape_, seed, how);
}

std::vector<Expected> AttentionProblem::reference(std::span<const Tensor> inputs, const Arithmetic& arithmetic) const {
    return reference_of(shape_, inputs, pairs_of(shape_), dense_visibility(shape_), arithmetic);
}

const Shape& shape_of(const Problem& problem) {
    if (const auto* found = dynamic_cast<const AttentionProblem*>(&problem)) return found->shape();
    throw std::logic_error("attention was handed a problem of " + std::string(problem.operation()));
}

}  // namespace stele::attention
