#include "kernels/attention/vendor/composed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

namespace stele::attention {
namespace {

constexpr std::int64_t lanes = 16;                   // running values a row, so that the compiler may use vectors
constexpr std::int64_t scores_per_thread = 1 << 16;  // starting a thread takes as long as so many scores

/// 2^x for x ≤ 0, within 2 ulp; 0 below 2^-126. Branchless, so that a loop over it becomes vector code.
inline float exp2_of(float x) {
    const float clamped = std::max(x, -126.0f);
    // Adding 1.5 · 2^23 rounds to a whole number, which is then in the low bits.
    const float shifted = clamped + 12582912.0f;
    const float f = (clamped - (shifted - 12582912.0f)) * 0.693147180559945309f;
    // e^f, |f| ≤ ln(2) / 2: the Taylor series to the seventh power is within 6e-9.
    float series = 1.0f / 5040;
    series = series * f + 1.0f / 720;
    series = series * f + 1.0f / 120;
    series = series * f + 1.0f / 24;
    series = series * f + 1.0f / 6;
    series = series * f + 0.5f;
    series = series * f + 1.0f;
    series = series * f + 1.0f;
    const auto exponent = static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(shifted) - 0x4b400000u) + 127;
    return x < -126.0f ? 0.0f : series * std::bit_cast<float>(exponent << 23);
}

std::size_t score_bytes(const Shape& shape) {
    return static_cast<std::size_t>(shape.group() * shape.seq_q) * static_cast<std::size_t>(shape.seq_k) * 4;
}

Support supports(const ComposedLibrary& library, const DeviceInfo& device, const Shape& shape) {
    if (shape.dtype != Dtype::f32)
        return Support::no(
            fmt::format("composed of {}'s f32 products only, the problem is {}", library.name, name(shape.dtype)));
    if (device.max_allocation_bytes != 0 && score_bytes(shape) > device.max_allocation_bytes)
        return Support::no(fmt::format("the scores of a key-value head take {:.1f} GB, more than the device allocates",
                                       static_cast<double>(score_bytes(shape)) / 1e9));
    if (Support laid_out = reads_layout(shape, Reads::dense); !laid_out) return laid_out;
    if (shape.group() * shape.seq_q > std::numeric_limits<int>::max())
        return Support::no("group · seq_q exceeds the library's 32-bit extents");
    return {};
}

void run(const Shape& shape, const Products& products, const HostCallContext& context) {
    const auto* q = static_cast<const float*>(context.arguments[0]);
    const auto* k = static_cast<const float*>(context.arguments[1]);
    const auto* v = static_cast<const float*>(context.arguments[2]);
    auto* o = static_cast<float*>(context.arguments[3]);
    auto* lse = static_cast<float*>(context.arguments[4]);
    auto* scores = static_cast<float*>(context.arguments[5]);
    if (shape.seq_k == 0) {
        std::fill_n(o, shape.rows() * shape.head_dim, 0.0f);
        std::fill_n(lse, shape.rows(), -std::numeric_limits<float>::infinity());
        return;
    }
    const std::int64_t rows = shape.group() * shape.seq_q;
    for (std::int64_t head = 0; head < shape.batch * shape.kv_heads; ++head) {
        const std::int64_t at_rows = head * rows, at_keys = head * shape.seq_k * shape.head_dim;
        products.score(q + at_rows * shape.head_dim, k + at_keys, scores);
        softmax_rows(shape, scores, lse + at_rows);
        weigh_seen(
            rows, shape.seq_k, shape.head_dim, scores, v + at_keys, o + at_rows * shape.head_dim,
            [&](std::int64_t row) { return visible_keys(shape, row % shape.seq_q).end; }, products.weigh);
    }
}

HostCall call_of(const ComposedLibrary& library, const Shape& shape) {
    const Products products = shape.seq_k > 0 ? library.products(shape) : Products{};
    return [shape, products](const HostCallContext& context) { run(shape, products, context); };
}

}  // namespace

float softmax_row(float* row, std::int64_t seen, std::int64_t all, float softmax_scale) {
    const float scale = softmax_scale * 1.44269504088896341f;
    std::array<float, lanes> part;
    part.fill(-std::numeric_limits<float>::infinity());
    std::int64_t j = 0;
    for (; j + lanes <= seen; j += lanes)
        for (std::int64_t l = 0; l < lanes; ++l) {
            row[j + l] *= scale;
            part[l] = part[l] < row[j + l] ? row[j + l] : part[l];
        }
    for (; j < seen; ++j) part[0] = std::max(part[0], row[j] *= scale);
    const float row_max = *std::max_element(part.begin(), part.end());

    part.fill(0.0f);
    for (j = 0; j + lanes <= seen; j += lanes)
        for (std::int64_t l = 0; l < lanes; ++l) part[l] += row[j + l] = exp2_of(row[j + l] - row_max);
    for (; j < seen; ++j) part[0] += row[j] = exp2_of(row[j] - row_max);
    float row_sum = 0;
    for (const float value : part) row_sum += value;

    const float inverse = 1.0f / row_sum;
    for (j = 0; j < seen; ++j) row[j] *= inverse;
    std::fill(row + seen, row + all, 0.0f);
    return (row_max + std::log2(row_sum)) * 0.693147180559945309f;
}

void softmax_rows(const Shape& shape, float* scores, float* lse) {
    const std::int64_t rows = shape.group() * shape.seq_q;
    const auto work = [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
            const std::int64_t seen = visible_keys(shape, row % shape.seq_q).end;
            float* of_row = scores + row * shape.seq_k;
            if (seen > 0) {
                lse[row] = softmax_row(of_row, seen, shape.seq_k, shape.softmax_scale);
            } else {
                std::fill_n(of_row, shape.seq_k, 0.0f);
                lse[row] = -std::numeric_limits<float>::infinity();
            }
        }
    };
    const std::int64_t threads =
        std::clamp<std::int64_t>(rows * shape.seq_k / scores_per_thread, 1,
                                 std::min<std::int64_t>(rows, std::max(1u, std::thread::hardware_concurrency())));
    std::vector<std::jthread> others;
    for (std::int64_t t = 1; t < threads; ++t) others.emplace_back(work, rows * t / threads, rows * (t + 1) / threads);
    work(0, rows / threads);
}

void weigh_seen(std::int64_t rows, std::int64_t keys, std::int64_t head_dim, const float* p, const float* v, float* o,
                const std::function<std::int64_t(std::int64_t row)>& seen,
                const std::function<void(const float* p, const float* v, float* o)>& multiply) {
    std::int64_t seen_by_all = keys;
    for (std::int64_t row = 0; row < rows; ++row) seen_by_all = std::min(seen_by_all, seen(row));
    std::vector<std::int64_t> apart;
    for (std::int64_t key = seen_by_all; key < keys; ++key)
        if (!std::all_of(v + key * head_dim, v + (key + 1) * head_dim,
                         [](float value) { return std::isfinite(value); }))
            apart.push_back(key);
    if (apart.empty()) return multiply(p, v, o);

    std::vector<float> without(v, v + keys * head_dim);
    for (const std::int64_t key : apart) std::fill_n(without.begin() + key * head_dim, head_dim, 0.0f);
    multiply(p, without.data(), o);
    for (std::int64_t row = 0; row < rows; ++row)
        for (const std::int64_t key : apart)
            for (std::int64_t d = 0; key < seen(row) && d < head_dim; ++d)
                o[row * head_dim + d] += p[row * keys + key] * v[key * head_dim + d];
}

Variant composed_row(const ComposedLibrary& library) {
    LibraryRow row;
    row.operation = "attention";
    row.library = library.name;
    row.why_not = library.why_not;
    row.description = library.description;
    row.supports = [library](const DeviceInfo& device, const Problem& problem) {
        return supports(library, device, shape_of(problem));
    };
    row.call = [library](const Problem& problem) { return call_of(library, shape_of(problem)); };
    row.instance = [](const Problem& problem) { return instance_of(shape_of(problem)); };
    row.scratch = [](const Problem& problem) { return std::vector{score_bytes(shape_of(problem))}; };
    return variant_of(row);
}

}  // namespace stele::attention
