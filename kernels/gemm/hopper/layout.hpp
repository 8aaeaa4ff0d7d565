// How a plan of the hopper family hands over its operands: tensor maps over A, B and C, and the steps that come first
// where a map cannot describe an operand as it lies.
#pragma once

#include "kernels/gemm/problem.hpp"

namespace stele::gemm {

/// Builds a plan: maps first, since they may add steps, then the product's own step.
class HopperPlan {
public:
    explicit HopperPlan(const Shape& shape);

    /// A [matrices, M, K] in boxes of 128 bytes × `rows`.
    TensorMapOperand map_a(int rows);
    /// B [matrices, N, K] likewise, or [matrices, K, N] in boxes of 64 columns × 64 of K.
    TensorMapOperand map_b(int rows);
    /// C [matrices, M, N] in boxes of 64 rows × 128 bytes. Only where stores_by_tma().
    TensorMapOperand map_c() const;
    /// A tensor map wants rows of multiples of 16 bytes.
    bool stores_by_tma() const;

    /// Matrices that B holds, and how many products that makes.
    std::int64_t products() const { return products_; }
    /// K as kernels see it: without any, one zero takes its place.
    std::int64_t depth() const;
    /// Of a kernel's instance.
    std::string operands_name() const;
    /// Stages of the pipeline that K fills.
    std::int64_t stages_of_k() const;

    /// Scales, row_begin: the tensor, or null where the problem has none.
    Operand scale_a() const;
    Operand scale_b() const;
    Operand row_begin() const;
    Operand c() const;

    void add(KernelSource kernel, Step step);
    /// A buffer of its own; its index.
    std::size_t scratch(std::int64_t bytes);
    Plan take() { return std::move(plan_); }

private:
    struct Rows {
        std::size_t index = 0;
        bool of_scratch = false;
        std::int64_t pitch = 0;  ///< bytes
    };
    /// rows × cols of elements of this tensor as they lie, or in scratch with whole pieces of 16 bytes a row.
    Rows rows_of(std::size_t tensor, std::int64_t rows_given, std::int64_t rows, std::int64_t cols);
    /// B [matrices, K, N] as [matrices, N, K] in scratch.
    Rows transposed_b();
    Operand scale(std::size_t tensor) const;

    Shape shape_;
    std::int64_t element_bytes_, products_;
    Plan plan_;
};

/// What the hopper family rounds, by the problem's types: Hopper's matrix units keep about 14 bits of a sum of 8-bit
/// floats (DeepSeek-V3, arXiv:2412.19437, section 3.3.2); 32 products are one instruction's K.
Arithmetic hopper_arithmetic(const Problem& problem);

}  // namespace stele::gemm
