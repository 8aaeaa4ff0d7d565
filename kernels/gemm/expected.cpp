#include "kernels/gemm/expected.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "kernels/common/parallel.hpp"
#include "kernels/gemm/reference.hpp"

namespace stele::gemm {
namespace {

/// Beyond either, C is sampled.
constexpr double most_multiply_adds = 0x1p31, most_elements = 0x1p24;

/// One matrix product of a problem; `c` is C's own part.
struct Product {
    MatrixView a, b;
    std::int64_t m = 0;
    std::size_t c_begin = 0;
};

/// An operand in double with its scales applied: element [row, depth] times scale[row / rows_per_scale, depth / 128].
Tensor scaled(const Tensor& operand, const Tensor& scale, std::int64_t depth, std::int64_t rows_per_scale,
              std::int64_t rows_per_matrix) {
    Tensor out(TensorSpec{operand.spec.name, Role::input, Dtype::f64, operand.spec.shape, operand.spec.dimensions});
    const auto values = out.as<double>();
    const auto scales = scale.as<float>();
    const std::int64_t rows = depth == 0 ? 0 : static_cast<std::int64_t>(values.size()) / depth;
    const std::int64_t scales_per_row = (depth + scale_block - 1) / scale_block;
    const std::int64_t scale_rows_per_matrix = (rows_per_matrix + rows_per_scale - 1) / rows_per_scale;
    in_pieces(rows, 16, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
            const std::int64_t scale_row =
                row / rows_per_matrix * scale_rows_per_matrix + row % rows_per_matrix / rows_per_scale;
            for (std::int64_t i = 0; i < depth; ++i) {
                const auto at = static_cast<std::size_t>(row * depth + i);
                const auto scale_at = static_cast<std::size_t>(scale_row * scales_per_row + i / scale_block);
                values[at] = operand.at(at) * scales[scales.size() == 1 ? 0 : scale_at];
            }
        }
    });
    return out;
}

/// A problem's operands as matrices to multiply in double.
class Operands {
public:
    Operands(const Shape& shape, std::span<const Tensor> inputs) : a_(&inputs[0]), b_(&inputs[1]) {
        if (shape.scale != Scale::none) {
            scaled_a_ = scaled(*a_, inputs[2], shape.k, 1, shape.m);
            scaled_b_ = scaled(*b_, inputs[3], shape.k, scale_block, shape.n);
            a_ = &scaled_a_;
            b_ = &scaled_b_;
        }
        std::int64_t row = 0;
        const auto add = [&](std::int64_t matrix, std::int64_t rows) {
            Product product{{a_, shape.k, 1, row * shape.k}, {}, rows, static_cast<std::size_t>(row * shape.n)};
            product.b = shape.b == LayoutB::kn ? MatrixView{b_, shape.n, 1} : MatrixView{b_, 1, shape.k};
            product.b.offset = matrix * shape.k * shape.n;
            if (rows > 0) products_.push_back(product);
            row += rows;
        };
        for (std::int64_t i = 0; i < static_cast<std::int64_t>(shape.groups.size()); ++i)
            add(i, shape.groups[static_cast<std::size_t>(i)]);
        if (shape.groups.empty())
            for (std::int64_t i = 0; i < shape.batch; ++i) add(i, shape.m);
    }
    Operands(const Operands&) = delete;
    Operands& operator=(const Operands&) = delete;

    const std::vector<Product>& products() const { return products_; }

private:
    const Tensor *a_, *b_;
    Tensor scaled_a_, scaled_b_;
    std::vector<Product> products_;
};

/// First, last, and two between that fall on no tile's edge.
std::vector<std::int64_t> some(std::int64_t count) {
    std::set<std::int64_t> chosen{0, count - 1};
    for (double place : {0.382, 0.707}) chosen.insert(static_cast<std::int64_t>(place * static_cast<double>(count)));
    return {chosen.begin(), chosen.end()};
}

/// Error of one sum of k products, in units of Σ|a||b|: of the chunks made in the narrow accumulator, which are
/// independent of each other, then of the sum of chunks in f32, then of scaling.
double accumulation_error(const Shape& shape, const Arithmetic& arithmetic) {
    const double depth = static_cast<double>(shape.k);
    const double chunk = arithmetic.promote_every > 0 ? std::min<double>(depth, arithmetic.promote_every) : depth;
    const double roundoff =
        arithmetic.narrower_roundoff > 0 ? arithmetic.narrower_roundoff : unit_roundoff(arithmetic.accumulate);
    double error = sum_error(std::ceil(chunk / arithmetic.products_per_rounding), roundoff);
    if (chunk < depth) {
        const double chunks = std::ceil(depth / chunk);
        error = error * std::min(1.0, sum_error(chunks, 1) / chunks) + sum_error(chunks, unit_roundoff(Dtype::f32));
    }
    // Two products with a scale, and a whole number made f32.
    if (shape.scale != Scale::none) error += 3 * unit_roundoff(Dtype::f32);
    return error;
}

class ExpectedBuilder {
public:
    ExpectedBuilder(const Shape& shape, const Arithmetic& arithmetic)
        : dtype_(output_dtype(shape.dtype)), accumulation_(accumulation_error(shape, arithmetic)) {}

    void add(double value, double magnitude) {
        const double sum_bound = accumulation_ * magnitude;
        expected_.value.push_back(overflowed(dtype_, value));
        expected_.bound.push_back(sum_bound + rounding_error(dtype_, std::abs(value) + sum_bound));
    }
    void add(std::size_t index, double value, double magnitude) {
        expected_.sampled.push_back(index);
        add(value, magnitude);
    }
    Expected take() { return std::move(expected_); }

private:
    Dtype dtype_;
    double accumulation_;
    Expected expected_;
};

void add_whole(const Shape& shape, const Product& product, ExpectedBuilder& builder) {
    const auto elements = static_cast<std::size_t>(product.m * shape.n);
    std::vector<double> value(elements), magnitude(elements);
    multiply(product.a, product.b, shape.k, every(product.m), every(shape.n), value.data(), magnitude.data());
    for (std::size_t i = 0; i < elements; ++i) builder.add(value[i], magnitude[i]);
}

void add_sampled(const Shape& shape, const Product& product, ExpectedBuilder& builder) {
    struct Part {
        std::vector<std::int64_t> rows, columns;
        std::vector<double> value, magnitude;
    };
    const auto part_of = [&](std::vector<std::int64_t> rows, std::vector<std::int64_t> columns) {
        const std::size_t size = rows.size() * columns.size();
        Part part{std::move(rows), std::move(columns), std::vector<double>(size), std::vector<double>(size)};
        multiply(product.a, product.b, shape.k, part.rows, part.columns, part.value.data(), part.magnitude.data());
        return part;
    };
    const Part rows = part_of(some(product.m), every(shape.n));
    const Part columns = part_of(every(product.m), some(shape.n));

    for (std::int64_t row = 0; row < product.m; ++row) {
        const auto found = std::ranges::find(rows.rows, row);
        const Part& part = found != rows.rows.end() ? rows : columns;
        const std::int64_t part_row = found != rows.rows.end() ? found - rows.rows.begin() : row;
        for (std::size_t j = 0; j < part.columns.size(); ++j) {
            const std::size_t at = static_cast<std::size_t>(part_row) * part.columns.size() + j;
            builder.add(product.c_begin + static_cast<std::size_t>(row * shape.n + part.columns[j]), part.value[at],
                        part.magnitude[at]);
        }
    }
}

}  // namespace

bool is_sampled(const Shape& shape) {
    const double elements =
        static_cast<double>(shape.batch) * static_cast<double>(shape.m) * static_cast<double>(shape.n);
    return elements > most_elements || elements * static_cast<double>(shape.k) > most_multiply_adds;
}

double expected_bytes(const Shape& shape) {
    const auto m = static_cast<double>(shape.m), n = static_cast<double>(shape.n), k = static_cast<double>(shape.k);
    const auto batch = static_cast<double>(shape.batch),
               matrices = std::max(batch, static_cast<double>(shape.groups.size()));
    // Value and magnitude of what is computed, and twice as much in vectors that grow.
    const double elements = is_sampled(shape) ? batch * 4 * (m + n) : batch * m * n;
    const double scaled = shape.scale == Scale::none ? 0 : batch * m * k + matrices * n * k;
    return sizeof(double) * (6 * elements + scaled);
}

Expected expected(const Shape& shape, std::span<const Tensor> inputs, const Arithmetic& arithmetic) {
    const Operands operands(shape, inputs);
    ExpectedBuilder builder(shape, arithmetic);
    for (const Product& product : operands.products())
        (is_sampled(shape) ? add_sampled : add_whole)(shape, product, builder);
    return builder.take();
}

ProbeResult probe_products(const Shape& shape, std::span<const Tensor> inputs, const Tensor& c,
                           const Arithmetic& arithmetic) {
    const Operands operands(shape, inputs);
    const ProductError error{accumulation_error(shape, arithmetic), output_dtype(shape.dtype)};
    for (const Product& product : operands.products()) {
        const MatrixView own{&c, shape.n, 1, static_cast<std::int64_t>(product.c_begin)};
        ProbeResult result = freivalds(product.a, product.b, own, product.m, shape.n, shape.k, error);
        if (result.passed) continue;
        if (operands.products().size() > 1)
            result.reason += fmt::format(" (of the product whose first row of C is {})",
                                         static_cast<std::int64_t>(product.c_begin) / shape.n);
        return result;
    }
    return {};
}

}  // namespace stele::gemm
