#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "kernels/common/parallel.hpp"
#include "kernels/gemm/reference.hpp"

namespace stele::gemm {
namespace {

constexpr std::int64_t group_columns = 256;
constexpr std::uint64_t vector_seed = 0x5e1e;

/// Entries ±[0.5, 1.5): the draw is fixed, because no kernel knows it.
std::vector<double> random_vector(std::int64_t count) {
    Tensor draw(TensorSpec{"x", Role::input, Dtype::f64, {count}, {"N"}});
    fill(draw, Fill::normal, vector_seed);
    std::vector<double> out;
    out.reserve(static_cast<std::size_t>(count));
    for (double value : draw.as<double>())
        out.push_back(std::copysign(0.5 + std::abs(value) - std::floor(std::abs(value)), value));
    return out;
}

/// [rows, groups] row-major: the sums of x_j times element j of each group of columns, and of their squares.
struct Folded {
    Tensor sums;
    std::vector<double> squares;
};

Folded fold(const MatrixView& matrix, std::int64_t rows, std::int64_t columns, const std::vector<double>& x) {
    const std::int64_t groups = (columns + group_columns - 1) / group_columns;
    Folded out{Tensor(TensorSpec{"folded", Role::input, Dtype::f64, {rows, groups}, {"row", "group"}}), {}};
    out.squares.assign(static_cast<std::size_t>(rows * groups), 0.0);
    const auto sums = out.sums.as<double>();
    const auto add = [&](std::int64_t row, std::int64_t column) {
        const auto to = static_cast<std::size_t>(row * groups + column / group_columns);
        const double term = x[static_cast<std::size_t>(column)] * matrix.tensor->at(matrix.at(row, column));
        sums[to] += term;
        out.squares[to] += term * term;
    };
    // In the order of memory; pieces of whole groups, or of whole rows, are nobody else's.
    if (matrix.column_stride <= matrix.row_stride) {
        in_pieces(rows, 16, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t row = begin; row < end; ++row)
                for (std::int64_t column = 0; column < columns; ++column) add(row, column);
        });
    } else {
        in_pieces(columns, group_columns, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t column = begin; column < end; ++column)
                for (std::int64_t row = 0; row < rows; ++row) add(row, column);
        });
    }
    return out;
}

}  // namespace

ProbeResult freivalds(const MatrixView& left, const MatrixView& right, const MatrixView& product, std::int64_t rows,
                      std::int64_t columns, std::int64_t depth, const ProductError& error) {
    const std::int64_t groups = (columns + group_columns - 1) / group_columns;
    const std::vector<double> x = random_vector(columns);
    const Folded right_x = fold(right, depth, columns, x);
    const Folded product_x = fold(product, rows, columns, x);

    const auto at = [groups](std::int64_t row, std::int64_t group) {
        return static_cast<std::size_t>(row * groups + group);
    };
    std::vector<double> right_norm(static_cast<std::size_t>(groups), 0.0);
    for (std::int64_t k = 0; k < depth; ++k)
        for (std::int64_t group = 0; group < groups; ++group)
            right_norm[static_cast<std::size_t>(group)] += right_x.squares[at(k, group)];

    std::vector<double> expected(static_cast<std::size_t>(rows * groups));
    multiply(left, {&right_x.sums, groups, 1}, depth, every(rows), every(groups), expected.data(), nullptr);

    std::vector<double> left_norms(static_cast<std::size_t>(rows), 0.0);
    in_pieces(rows, 16, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row)
            for (std::int64_t k = 0; k < depth; ++k) {
                const double value = left.tensor->at(left.at(row, k));
                left_norms[static_cast<std::size_t>(row)] += value * value;
            }
    });

    for (std::int64_t row = 0; row < rows; ++row) {
        const double left_norm = left_norms[static_cast<std::size_t>(row)];
        for (std::int64_t group = 0; group < groups; ++group) {
            const double want = expected[at(row, group)];
            if (!std::isfinite(want)) continue;
            // Σ_k |a||b| is at most the product of the norms; independent errors of a group add by their squares.
            const double accumulation =
                error.accumulation * std::sqrt(left_norm * right_norm[static_cast<std::size_t>(group)]);
            const double storage =
                sum_error(1, unit_roundoff(error.stored)) * std::sqrt(product_x.squares[at(row, group)]) +
                static_cast<double>(group_columns) * rounding_error(error.stored, 0);
            const double got = product_x.sums.as<double>()[at(row, group)];
            const double allowed = accumulation + storage;
            if (std::abs(got - want) <= allowed) continue;
            return {false,
                    fmt::format("Freivalds' check: row {}, columns {} to {} are off by {:.3g}; rounding explains at "
                                "most {:.3g}",
                                row, group * group_columns, std::min(columns, (group + 1) * group_columns) - 1,
                                std::abs(got - want), allowed)};
        }
    }
    return {};
}

}  // namespace stele::gemm
