#include "kernels/gemm/hopper/layout.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "kernels/gemm/hopper/tile.hpp"
#include "kernels/gemm/rows.hpp"
#include "kernels/source.hpp"

namespace stele::gemm {
namespace {

/// Strides of a tensor map.
constexpr std::int64_t piece_bytes = 16;
/// As in pack.cuh.
constexpr unsigned pack_threads = 256, transpose_side = 32;

TensorMapElement map_element(Dtype dtype) {
    switch (dtype) {
        case Dtype::f16:
            return TensorMapElement::f16;
        case Dtype::bf16:
            return TensorMapElement::bf16;
        case Dtype::f32:
        case Dtype::tf32:
            return TensorMapElement::f32;
        default:
            return TensorMapElement::u8;
    }
}

/// A map with the 128-byte swizzle over `matrices` matrices of rows × cols.
TensorMapSpec map(Dtype dtype, std::int64_t cols, std::int64_t rows, std::int64_t matrices, std::int64_t pitch,
                  int box_rows) {
    TensorMapSpec spec;
    spec.element = map_element(dtype);
    spec.rank = 3;
    spec.extent = {static_cast<std::uint64_t>(cols), static_cast<std::uint64_t>(rows),
                   static_cast<std::uint64_t>(matrices)};
    spec.stride = {size_of(dtype), static_cast<std::uint64_t>(pitch), static_cast<std::uint64_t>(pitch * rows)};
    spec.box = {static_cast<std::uint32_t>(128 / size_of(dtype)), static_cast<std::uint32_t>(box_rows), 1};
    spec.swizzle = TensorMapSwizzle::bytes_128;
    return spec;
}

std::int64_t round_up(std::int64_t value, std::int64_t to) { return ceil_div(value, to) * to; }

}  // namespace

HopperPlan::HopperPlan(const Shape& shape)
    : shape_(shape), element_bytes_(static_cast<std::int64_t>(size_of(shape.dtype))), products_(shape.products()) {}

std::int64_t HopperPlan::depth() const { return std::max<std::int64_t>(shape_.k, 1); }

std::int64_t HopperPlan::stages_of_k() const { return ceil_div(depth() * element_bytes_, hopper_depth_bytes); }

std::string HopperPlan::operands_name() const {
    // What is transposed on the way is [N,K] to the kernel.
    const LayoutB b = shape_.dtype == Dtype::tf32 ? LayoutB::nk : shape_.b;
    return fmt::format("{} {}", stele::name(shape_.dtype), name(b));
}

TensorMapOperand HopperPlan::map_a(int rows) {
    const Rows a = rows_of(0, shape_.batch * shape_.m, shape_.batch * shape_.m, shape_.k);
    return {a.index, a.of_scratch, map(shape_.dtype, depth(), shape_.m, shape_.batch, a.pitch, rows)};
}

TensorMapOperand HopperPlan::map_b(int rows) {
    if (shape_.b == LayoutB::kn && shape_.dtype != Dtype::tf32) {
        const Rows b = rows_of(1, products_ * shape_.k, products_ * depth(), shape_.n);
        constexpr int box_depth = 64;
        return {b.index, b.of_scratch, map(shape_.dtype, shape_.n, depth(), products_, b.pitch, box_depth)};
    }
    const Rows b =
        shape_.b == LayoutB::kn ? transposed_b() : rows_of(1, products_ * shape_.n, products_ * shape_.n, shape_.k);
    return {b.index, b.of_scratch, map(shape_.dtype, depth(), shape_.n, products_, b.pitch, rows)};
}

bool HopperPlan::stores_by_tma() const {
    return shape_.n * static_cast<std::int64_t>(size_of(output_dtype(shape_.dtype))) % piece_bytes == 0;
}

TensorMapOperand HopperPlan::map_c() const {
    const Dtype dtype = output_dtype(shape_.dtype);
    return {
        index_of_c(shape_), false,
        map(dtype, shape_.n, shape_.m, shape_.batch, shape_.n * static_cast<std::int64_t>(size_of(dtype)), wgmma_rows)};
}

Operand HopperPlan::scale(std::size_t tensor) const {
    // Without K there is no block, so block scales are empty tensors.
    const bool empty = shape_.scale == Scale::block && shape_.k == 0;
    return shape_.scale == Scale::none || empty ? Operand(NullOperand{}) : TensorOperand{tensor};
}
Operand HopperPlan::scale_a() const { return scale(2); }
Operand HopperPlan::scale_b() const { return scale(3); }
Operand HopperPlan::row_begin() const { return row_begin_operand(shape_); }
Operand HopperPlan::c() const { return TensorOperand{index_of_c(shape_)}; }

void HopperPlan::add(KernelSource kernel, Step step) {
    step.kernel = plan_.kernels.size();
    plan_.kernels.push_back(std::move(kernel));
    plan_.steps.push_back(std::move(step));
}

std::size_t HopperPlan::scratch(std::int64_t bytes) {
    plan_.scratch.push_back(static_cast<std::size_t>(bytes));
    return plan_.scratch.size() - 1;
}

HopperPlan::Rows HopperPlan::rows_of(std::size_t tensor, std::int64_t rows_given, std::int64_t rows,
                                     std::int64_t cols) {
    if (shape_.k > 0 && cols * element_bytes_ % piece_bytes == 0) return {tensor, false, cols * element_bytes_};
    const std::int64_t pitch = round_up(std::max<std::int64_t>(cols, 1) * element_bytes_, piece_bytes);
    const Rows packed{scratch(rows * pitch), true, pitch};
    const std::string instance = fmt::format("{} byte{}", element_bytes_, element_bytes_ == 1 ? "" : "s");
    Step step{0, {static_cast<unsigned>(rows), 1, 1}, {pack_threads, 1, 1}, 0, {}};
    step.operands = {TensorOperand{tensor}, ScratchOperand{packed.index}, extent(rows_given), extent(cols),
                     extent(pitch / element_bytes_)};
    add(kernel_source(Language::ptx, "gemm/hopper/clusters", "gemm_hopper_pack", instance), std::move(step));
    return packed;
}

HopperPlan::Rows HopperPlan::transposed_b() {
    const std::int64_t pitch = round_up(depth() * element_bytes_, piece_bytes);
    const Rows out{scratch(products_ * shape_.n * pitch), true, pitch};
    const auto blocks = [](std::int64_t count) { return static_cast<unsigned>(ceil_div(count, transpose_side)); };
    Step step{0,
              {blocks(pitch / element_bytes_), blocks(shape_.n), static_cast<unsigned>(products_)},
              {pack_threads, 1, 1},
              0,
              {}};
    step.operands = {TensorOperand{1}, ScratchOperand{out.index}, extent(shape_.k), extent(shape_.n),
                     extent(pitch / element_bytes_)};
    add(kernel_source(Language::ptx, "gemm/hopper/clusters", "gemm_hopper_transpose", "4 bytes"), std::move(step));
    return out;
}

Arithmetic hopper_arithmetic(const Problem& problem) {
    const Shape& shape = as_gemm(problem).shape();
    Arithmetic arithmetic;
    if (shape.dtype == Dtype::s8) arithmetic.accumulate = Dtype::i32;
    if (shape.dtype == Dtype::e4m3) {
        arithmetic.narrower_roundoff = 0x1p-13;
        arithmetic.products_per_rounding = 32;
    }
    if (shape.scale == Scale::block) arithmetic.promote_every = static_cast<int>(scale_block);
    return arithmetic;
}

}  // namespace stele::gemm
