#include "kernels/attention/vendor/composed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <span>
#include <thread>
#include <vector>

#include "kernels/common/widen.hpp"

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

/// The same problem without keys that no query sees: those before the first query's window.
Shape without_unseen(const Shape& shape) {
    Shape seen = shape;
    seen.seq_k = shape.seen_keys_of(0);
    return seen;
}

std::size_t score_bytes(const Shape& shape) {
    return static_cast<std::size_t>(shape.group() * shape.seq_q) * static_cast<std::size_t>(shape.seen_keys_of(0)) * 4;
}

/// The scores, then each tensor that is narrow once more in f32.
std::vector<std::size_t> scratch_bytes(const Shape& shape) {
    std::vector<std::size_t> bytes{score_bytes(shape)};
    for (const TensorSpec& tensor : tensors_of(shape))
        if (tensor.dtype != Dtype::f32) bytes.push_back(tensor.elements() * 4);
    return bytes;
}

Support supports(const DeviceInfo& device, const Shape& shape) {
    if (Support typed = takes_dtype(shape, {Dtype::f32, Dtype::f16, Dtype::bf16}); !typed) return typed;
    if (Support laid_out = reads_layout(shape, Reads::dense, Masks::window, ValuesIn::either); !laid_out)
        return laid_out;
    if (device.max_allocation_bytes != 0 && score_bytes(shape) > device.max_allocation_bytes)
        return Support::no(fmt::format("the scores of a key-value head take {:.1f} GB, more than the device allocates",
                                       static_cast<double>(score_bytes(shape)) / 1e9));
    if (shape.group() * shape.seq_q > std::numeric_limits<int>::max())
        return Support::no("group · seq_q exceeds the library's 32-bit extents");
    return {};
}

/// What is known before a call: where its tensors stand among the arguments. Latent keys are their values too.
struct Call {
    Shape shape, seen;
    Products products;
    std::vector<TensorSpec> tensors;
    std::size_t q, k, v, o, lse;
};

/// On `tensors` in f32.
void run(const Call& call, std::span<float* const> tensors, float* scores) {
    const Shape &shape = call.shape, &seen = call.seen;
    float *o = tensors[call.o], *lse = tensors[call.lse];
    if (seen.seq_k == 0) {
        std::fill_n(o, shape.rows() * shape.value_dim(), 0.0f);
        std::fill_n(lse, shape.rows(), -std::numeric_limits<float>::infinity());
        return;
    }
    const std::int64_t rows = shape.group() * shape.seq_q;
    for (std::int64_t head = 0; head < shape.batch * shape.kv_heads; ++head) {
        const std::int64_t at_rows = head * rows;
        const std::int64_t at_keys = ((head + 1) * shape.seq_k - seen.seq_k) * shape.head_dim;
        call.products.score(tensors[call.q] + at_rows * shape.head_dim, tensors[call.k] + at_keys, scores);
        softmax_rows(seen, scores, lse + at_rows);
        weigh_seen(
            rows, {tensors[call.v] + at_keys, seen.seq_k, shape.value_dim(), shape.head_dim}, scores,
            o + at_rows * shape.value_dim(), [&](std::int64_t row) { return visible_keys(seen, row % shape.seq_q); },
            call.products.weigh);
    }
}

/// Narrow inputs are widened whole and narrow outputs rounded, in each call, as who has only f32 products must.
void run_in_f32(const Call& call, std::span<void* const> arguments) {
    const std::size_t count = call.tensors.size();
    std::vector<float*> wide;
    std::size_t scratch = count + 1;  // behind the scores
    for (std::size_t i = 0; i < count; ++i) {
        const TensorSpec& tensor = call.tensors[i];
        const bool is_narrow = tensor.dtype != Dtype::f32;
        wide.push_back(static_cast<float*>(arguments[is_narrow ? scratch++ : i]));
        if (is_narrow && tensor.role == Role::input)
            widen(tensor.dtype, arguments[i], static_cast<std::int64_t>(tensor.elements()), wide[i]);
    }
    run(call, wide, static_cast<float*>(arguments[count]));
    for (std::size_t i = 0; i < count; ++i)
        if (const TensorSpec& tensor = call.tensors[i]; tensor.dtype != Dtype::f32 && tensor.role == Role::output)
            narrow(tensor.dtype, wide[i], static_cast<std::int64_t>(tensor.elements()), arguments[i]);
}

HostCall call_of(const ComposedLibrary& library, const Shape& shape) {
    const auto at = [&](const char* name) { return *tensor_index(shape, name); };
    Call call{shape, without_unseen(shape), {}, tensors_of(shape), at("Q"), at("K"), at("K"), at("O"), at("lse")};
    if (!shape.is_latent()) call.v = at("V");
    if (call.seen.seq_k > 0) call.products = library.products(call.seen);
    return [call](const HostCallContext& context) { run_in_f32(call, context.arguments); };
}

}  // namespace

float softmax_row(float* row, KeyRange keys, std::int64_t all, float softmax_scale) {
    std::fill_n(row, keys.begin, 0.0f);
    std::fill(row + keys.end, row + all, 0.0f);
    const std::int64_t seen = keys.count();
    if (seen == 0) return -std::numeric_limits<float>::infinity();
    row += keys.begin;
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
    return (row_max + std::log2(row_sum)) * 0.693147180559945309f;
}

void softmax_rows(const Shape& shape, float* scores, float* lse) {
    const std::int64_t rows = shape.group() * shape.seq_q;
    const auto work = [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
            const KeyRange seen = visible_keys(shape, row % shape.seq_q);
            lse[row] = softmax_row(scores + row * shape.seq_k, seen, shape.seq_k, shape.softmax_scale);
        }
    };
    const std::int64_t threads =
        std::clamp<std::int64_t>(rows * shape.seq_k / scores_per_thread, 1,
                                 std::min<std::int64_t>(rows, std::max(1u, std::thread::hardware_concurrency())));
    std::vector<std::jthread> others;
    for (std::int64_t t = 1; t < threads; ++t) others.emplace_back(work, rows * t / threads, rows * (t + 1) / threads);
    work(0, rows / threads);
}

void weigh_seen(std::int64_t rows, const Values& values, const float* p, float* o,
                const std::function<KeyRange(std::int64_t row)>& seen,
                const std::function<void(const float* p, const float* v, float* o)>& multiply) {
    const auto [v, keys, columns, stride] = values;
    KeyRange seen_by_all{0, keys};
    for (std::int64_t row = 0; row < rows; ++row) {
        const KeyRange by_row = seen(row);
        seen_by_all.begin = std::max(seen_by_all.begin, by_row.begin);
        seen_by_all.end = std::min(seen_by_all.end, by_row.end);
    }
    std::vector<std::int64_t> apart;
    for (std::int64_t key = 0; key < keys; ++key) {
        const float* value = v + key * stride;
        if (!(key >= seen_by_all.begin && key < seen_by_all.end) &&
            !std::all_of(value, value + columns, [](float x) { return std::isfinite(x); }))
            apart.push_back(key);
    }
    if (apart.empty()) return multiply(p, v, o);

    std::vector<float> without(v, v + keys * stride);
    for (const std::int64_t key : apart) std::fill_n(without.begin() + key * stride, columns, 0.0f);
    multiply(p, without.data(), o);
    for (std::int64_t row = 0; row < rows; ++row) {
        const KeyRange by_row = seen(row);
        for (const std::int64_t key : apart)
            for (std::int64_t d = 0; key >= by_row.begin && key < by_row.end && d < columns; ++d)
                o[row * columns + d] += p[row * keys + key] * v[key * stride + d];
    }
}

Variant composed_row(const ComposedLibrary& library) {
    LibraryRow row;
    row.operation = "attention";
    row.library = library.name;
    row.why_not = library.why_not;
    row.description = library.description;
    row.supports = [](const DeviceInfo& device, const Problem& problem) { return supports(device, shape_of(problem)); };
    row.call = [library](const Problem& problem) { return call_of(library, shape_of(problem)); };
    row.instance = [](const Problem& problem) { return instance_of(shape_of(problem)); };
    row.scratch = [](const Problem& problem) { return scratch_bytes(shape_of(problem)); };
    return variant_of(row);
}

}  // namespace stele::attention
