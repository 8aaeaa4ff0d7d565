// How tensor and bulk take rows of A and B that 16 bytes do not divide: a step before them copies such an operand to
// rows that they do, with zeros behind. The kernels then know one kind of row, and the copy costs a read and a write of
// the operand.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "kernels/gemm/rows.hpp"
#include "kernels/gemm/tensor/tensor.hpp"

namespace stele::gemm {

/// How an operand lies: `rows` of all its matrices, of `cols` elements, `stride` elements apart where the kernel reads.
struct OperandRows {
    std::int64_t rows = 0, cols = 0, stride = 0;
    bool padded() const { return rows > 0 && stride != cols; }
};
OperandRows rows_of_a(const Shape& shape);
OperandRows rows_of_b(const Shape& shape);

/// A, B (or their copies), scale_a, scale_b, row_begin, C, M, N, K, a_stride, b_stride, groups: the signature of the
/// CUDA C++ and PTX kernels. Null where the problem has none.
std::vector<Operand> native_operands(const Shape& shape);
/// A, B, C, M, N, K, a_stride, b_stride: that of the OpenCL kernel.
std::vector<Operand> opencl_operands(const Shape& shape);

/// Rows of blocks: of one product, or of groups, each of which begins a new one; more than there are if a group's rows
/// end a block.
std::int64_t block_rows(const Shape& shape, int block_m);

/// What rows of tensor and bulk have in common: tile, threads of the warps that multiply, blocks, operands.
KernelRow tensor_row(const std::string& algorithm, const TensorTile& tile);
/// Shared memory of the tiles as wmma wants them.
std::size_t padded_bytes(const TensorTile& tile, const Shape& shape);
/// f16, bf16 and tf32: what wmma's instructions take that these kernels are written for.
Support takes_wmma(const DeviceInfo& device, const Shape& shape);
/// The answer for a kernel that is written for `dtypes` only.
Support takes_only(const Shape& shape, std::initializer_list<Dtype> dtypes);

/// The row's variants, with the copying steps before their kernel. They are kernels gemm_<algorithm>_pad(from, to,
/// rows, cols, stride), one an element type.
std::vector<Variant> padded_variants_of(const KernelRow& row);

}  // namespace stele::gemm
