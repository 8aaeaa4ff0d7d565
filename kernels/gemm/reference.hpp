// Matrix products in double on the host, for GEMM's reference and its whole-output check.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/operation.hpp"
#include "kernels/tensor.hpp"

namespace stele::gemm {

/// A tensor read as a matrix: element (row, column) is at offset + row * row_stride + column * column_stride.
struct MatrixView {
    const Tensor* tensor = nullptr;
    std::int64_t row_stride = 0, column_stride = 0;
    std::int64_t offset = 0;

    std::size_t at(std::int64_t row, std::int64_t column) const {
        return static_cast<std::size_t>(offset + row * row_stride + column * column_stride);
    }
};

/// The chosen rows of `left` [*, depth] times the chosen columns of `right` [depth, *].
/// `value` gets the products, `magnitude` the sums of |left||right| (null: not wanted), each
/// [rows.size(), columns.size()] row-major. Uses every core.
void multiply(const MatrixView& left, const MatrixView& right, std::int64_t depth, std::span<const std::int64_t> rows,
              std::span<const std::int64_t> columns, double* value, double* magnitude);

/// How far a result may be off, for freivalds().
struct ProductError {
    double accumulation = 0;  ///< of one sum, in units of Σ|left||right|
    Dtype stored = Dtype::f32;
};

/// Freivalds' check (IFIP Congress 1977) that `product` = `left` `right`, in double: both sides are multiplied by
/// random vectors, which costs O(rows · depth · groups) instead of O(rows · depth · columns). Each vector spans only
/// 256 columns, so that one wrong element stands out of the rounding errors of its neighbours; its entries are of
/// unequal size, so that exchanged columns do not cancel. A row's residual may be as large as the probabilistic bound
/// of the errors it sums. Rows that meet an infinite or NaN operand are left to the sampled reference.
ProbeResult freivalds(const MatrixView& left, const MatrixView& right, const MatrixView& product, std::int64_t rows,
                      std::int64_t columns, std::int64_t depth, const ProductError& error);

/// 0, 1, …, count - 1.
std::vector<std::int64_t> every(std::int64_t count);

}  // namespace stele::gemm
