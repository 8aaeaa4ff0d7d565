// Attention in double, and how far from it each output may be. README.md, "Tolerance", derives every term below.
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <optional>
#include <thread>

#include "kernels/attention/problem.hpp"

namespace stele::attention {
namespace {

constexpr double most_pairs = 4e6;  // about half a second on two cores
constexpr double exp_error = 6;     // OpenCL allows exp2 and log2 3 ulp, that is 6 u; ex2.approx and exp2f are better
constexpr double keys_per_rescale = 16;  // no variant has a smaller key tile
constexpr double flushed = 0x1p-126;     // what a kernel that flushes subnormals may drop
constexpr int threads = 2;

// 8-bit weights are taken 2^8 times as large, up to 256 of the 448 that e4m3 has.
constexpr double narrow_weight_unit = 0x1p-8;

/// λ√n·u of a sum of `terms` products in the given arithmetic.
double dot_error(double terms, const Arithmetic& arithmetic) {
    const double u =
        arithmetic.narrower_roundoff > 0 ? arithmetic.narrower_roundoff : unit_roundoff(arithmetic.accumulate);
    terms = std::ceil(terms / arithmetic.products_per_rounding);
    if (arithmetic.promote_every == 0 || terms <= arithmetic.promote_every) return sum_error(terms, u);
    return sum_error(arithmetic.promote_every, u) +
           sum_error(terms / arithmetic.promote_every, unit_roundoff(Dtype::f32));
}

/// Half the distance between subnormal numbers.
double smallest_rounding(Dtype dtype) {
    return dtype == Dtype::f16 ? 0x1p-25 : dtype == Dtype::e4m3 ? 0x1p-10 * narrow_weight_unit : flushed;
}

/// The sum of f(i) over i < n, n a multiple of 8: eight running sums, so that the compiler may use vectors.
template <typename F>
double sum_of(std::int64_t n, F&& f) {
    std::array<double, 8> part{};
    for (std::int64_t i = 0; i < n; i += 8)
        for (int l = 0; l < 8; ++l) part[l] += f(i + l);
    return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}

/// Runs body(i) for i < count on all threads.
template <typename F>
void parallel(std::size_t count, F&& body) {
    std::atomic<std::size_t> next{0};
    const auto work = [&](int thread) {
        for (std::size_t i; (i = next++) < count;) body(i, thread);
    };
    std::vector<std::jthread> others;
    for (int t = 1; t < threads && count > 1; ++t) others.emplace_back(work, t);
    work(0);
}

/// Query rows to compute, ascending: all, or one in each of as many equal strata as the budget allows, with the first
/// and the last row.
std::vector<std::int64_t> choose_rows(std::int64_t rows, double pairs) {
    std::vector<std::int64_t> chosen;
    const double share = pairs > most_pairs ? most_pairs / pairs : 1.0;
    const auto count =
        std::max<std::int64_t>(std::min<std::int64_t>(rows, 16), static_cast<std::int64_t>(rows * share));
    std::uint64_t state = 0x9e3779b97f4a7c15u;
    for (std::int64_t i = 0; i < count; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const std::int64_t begin = static_cast<std::int64_t>(static_cast<__int128>(rows) * i / count);
        const std::int64_t end = static_cast<std::int64_t>(static_cast<__int128>(rows) * (i + 1) / count);
        chosen.push_back(begin + static_cast<std::int64_t>((state >> 33) % static_cast<std::uint64_t>(end - begin)));
    }
    chosen.front() = 0;
    chosen.back() = rows - 1;
    return chosen;
}

/// One row's working memory.
struct Row {
    std::vector<std::int32_t> keys;
    std::vector<double> score, magnitude;                // s_j; Σ_d |q||k| · |scale|
    std::vector<double> query, o, size, spread, square;  // Σ p v; Σ p |v|; Σ p δ |v|; Σ p² v²
};

/// K and V of one key-value head, as f32 (exact for every storage type); v is empty where values are the first columns
/// of keys.
struct Head {
    std::vector<float> k, v;
    double largest_v = 0;

    const std::vector<float>& values() const { return v.empty() ? k : v; }
};

struct Reference {
    const Shape& shape;
    const Arithmetic& arithmetic;
    const VisibleKeys& visible;
    const Tensor& q;
    std::span<const Tensor> scales;  ///< of the heads of Q, K and V; empty: none

    double scale_of(std::size_t tensor, std::int64_t head) const {
        return scales.empty() ? 1 : scales[tensor].at(static_cast<std::size_t>(head));
    }

    /// O and lse of flat row `row`, written to o[0 … value_dim), o_bound, lse and lse_bound.
    void compute(std::int64_t row, const Head& head, Row& work, double* o, double* o_bound, double& lse,
                 double& lse_bound) const {
        const std::int64_t head_dim = shape.head_dim, value_dim = shape.value_dim();
        work.keys.clear();
        const std::int64_t head_of_q = row / shape.seq_q % shape.heads, head_of_k = head_of_q / shape.group();
        visible(row / shape.seq_q / shape.heads, head_of_q, row % shape.seq_q, work.keys);
        const std::size_t n = work.keys.size();
        if (n == 0) {
            std::fill_n(o, value_dim, 0.0);
            std::fill_n(o_bound, value_dim, 0.0);
            lse = -std::numeric_limits<double>::infinity();
            lse_bound = 0;
            return;
        }
        work.query.resize(head_dim);
        for (std::int64_t d = 0; d < head_dim; ++d) work.query[d] = q.at(static_cast<std::size_t>(row * head_dim + d));

        // Scores, and the maximum.
        const double scale = shape.softmax_scale * scale_of(0, head_of_q) * scale_of(1, head_of_k);
        work.score.resize(n);
        work.magnitude.resize(n);
        double row_max = -std::numeric_limits<double>::infinity();
        for (std::size_t j = 0; j < n; ++j) {
            const float* k = &head.k[static_cast<std::size_t>(work.keys[j]) * head_dim];
            const double* query = work.query.data();
            work.score[j] = scale * sum_of(head_dim, [&](std::int64_t d) { return query[d] * k[d]; });
            work.magnitude[j] =
                std::abs(scale) * sum_of(head_dim, [&](std::int64_t d) { return std::abs(query[d] * k[d]); });
            row_max = std::max(row_max, work.score[j]);
        }

        // Weights, and the sums over V that O and its bound are made of.
        const double u = unit_roundoff(arithmetic.accumulate);
        const double u_score = dot_error(static_cast<double>(head_dim), arithmetic);
        for (auto* sum : {&work.o, &work.size, &work.spread, &work.square}) sum->assign(value_dim, 0.0);
        double row_sum = 0, delta_sum = 0, delta_max = 0, square_sum = 0;
        for (std::size_t j = 0; j < n; ++j) {
            const double p = std::exp(work.score[j] - row_max);
            // Rounded Q·scale, that by the heads' scales, and dot product; scale · log2(e); the product by it; the
            // maximum taken off, then log2(e).
            const double delta = (u_score + (scales.empty() ? 1 : 4) * u) * work.magnitude[j] +
                                 4 * u * std::abs(work.score[j]) + 3 * u * (row_max - work.score[j]);
            row_sum += p;
            delta_sum += p * delta;
            square_sum += p * p;
            if (p > 0) delta_max = std::max(delta_max, delta);
            const float* v = &head.values()[static_cast<std::size_t>(work.keys[j]) * head_dim];
            for (std::int64_t d = 0; d < value_dim; ++d) {
                const double term = p * v[d];
                work.o[d] += term;
                work.size[d] += std::abs(term);
                work.spread[d] += delta * std::abs(term);
                work.square[d] += term * term;
            }
        }

        const double terms = static_cast<double>(n);
        const double u_sum = dot_error(terms * (1 + 1 / keys_per_rescale), arithmetic);
        const double u_exp = exp_error * u + exp_error * sum_error(terms / keys_per_rescale + 1, u);
        // row_sum is summed beside the matrix unit.
        const double u_row_sum = sum_error(terms * (1 + 1 / keys_per_rescale), u);
        const double u_p = arithmetic.probabilities == Dtype::f32 ? 0 : unit_roundoff(arithmetic.probabilities);
        const double u_store = unit_roundoff(shape.output_dtype()), v_scale = scale_of(2, head_of_k),
                     v_size = std::abs(v_scale);
        const double second_order = 1 + delta_max;
        for (std::int64_t d = 0; d < value_dim; ++d) {
            const double value = v_scale * work.o[d] / row_sum, size = v_size * work.size[d] / row_sum;
            double bound = (v_size * work.spread[d] + std::abs(value) * delta_sum) / row_sum;
            bound += (u_sum + u_exp) * (size + std::abs(value)) + (scales.empty() ? 6 : 8) * u * size;
            // Rounded probabilities: independent errors, so λ times the 2-norm; subnormal ones have an absolute error.
            bound += sum_error(1, u_p) *
                     (v_size * std::sqrt(work.square[d]) + std::abs(value) * std::sqrt(square_sum)) / row_sum;
            if (u_p > 0)
                bound += sum_error(terms, smallest_rounding(arithmetic.probabilities)) * 2 * v_size * head.largest_v /
                         row_sum;
            o[d] = value;
            o_bound[d] = bound * second_order + u_store * std::abs(value) + smallest_rounding(shape.output_dtype()) +
                         2 * terms * flushed * v_size * head.largest_v;
        }
        const double log_sum = std::log(row_sum);
        lse = row_max + log_sum;
        lse_bound = (delta_sum / row_sum + u_row_sum + u_exp + sum_error(1, u_p) * std::sqrt(square_sum) / row_sum) *
                        second_order +
                    exp_error * u * (1 + std::abs(log_sum)) + 4 * u * (std::abs(row_max) + std::abs(lse));
    }
};

/// Copies `count` elements from `begin` on.
std::vector<float> as_f32(const Tensor& from, std::size_t begin, std::size_t count) {
    std::vector<float> out(count);
    constexpr std::size_t piece = 1 << 16;
    parallel((count + piece - 1) / piece, [&](std::size_t i, int) {
        for (std::size_t e = i * piece; e < std::min(count, (i + 1) * piece); ++e)
            out[e] = static_cast<float>(from.at(begin + e));
    });
    return out;
}

}  // namespace

double reference_bytes_of(const Shape& shape, double pairs) {
    const double share = pairs > most_pairs ? most_pairs / pairs : 1.0;
    // Value, bound and index of each element; K and V of one head.
    return sizeof(double) *
           (3 * share * static_cast<double>(shape.rows()) * (static_cast<double>(shape.value_dim()) + 1) +
            static_cast<double>(shape.seq_k) * static_cast<double>(shape.head_dim));
}

std::vector<Expected> reference_of(const Shape& shape, std::span<const Tensor> inputs, double pairs,
                                   const VisibleKeys& visible, const Arithmetic& arithmetic) {
    const std::vector<std::int64_t> rows = choose_rows(shape.rows(), pairs);
    const auto head_dim = static_cast<std::size_t>(shape.head_dim);
    const auto value_dim = static_cast<std::size_t>(shape.value_dim());
    Expected o, lse;
    o.value.resize(rows.size() * value_dim);
    o.bound.resize(o.value.size());
    lse.value.resize(rows.size());
    lse.bound.resize(rows.size());
    if (static_cast<std::int64_t>(rows.size()) < shape.rows()) {
        for (const std::int64_t row : rows) {
            lse.sampled.push_back(static_cast<std::size_t>(row));
            for (std::size_t d = 0; d < value_dim; ++d)
                o.sampled.push_back(static_cast<std::size_t>(row) * value_dim + d);
        }
    }

    // One key-value head at a time, so that its copy stays small; its query rows are consecutive.
    const std::optional<std::size_t> first_scale = tensor_index(shape, "q_scale");
    const Reference reference{shape, arithmetic, visible, inputs[tensor_q],
                              first_scale ? inputs.subspan(*first_scale, 3) : std::span<const Tensor>()};
    const std::size_t head_elements = static_cast<std::size_t>(shape.seq_k) * head_dim;
    const std::int64_t rows_per_kv_head = shape.group() * shape.seq_q;
    std::array<Row, threads> work;
    for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
        const std::int64_t kv = rows[begin] / rows_per_kv_head;
        while (end < rows.size() && rows[end] / rows_per_kv_head == kv) ++end;
        Head head;
        head.k = as_f32(inputs[tensor_k], static_cast<std::size_t>(kv) * head_elements, head_elements);
        if (!shape.is_latent())
            head.v = as_f32(inputs[tensor_v], static_cast<std::size_t>(kv) * head_elements, head_elements);
        for (const float value : head.values()) head.largest_v = std::max<double>(head.largest_v, std::abs(value));
        parallel(end - begin, [&](std::size_t i, int thread) {
            const std::size_t at = begin + i;
            reference.compute(rows[at], head, work[static_cast<std::size_t>(thread)], &o.value[at * value_dim],
                              &o.bound[at * value_dim], lse.value[at], lse.bound[at]);
        });
    }
    return {std::move(o), std::move(lse)};
}

}  // namespace stele::attention
