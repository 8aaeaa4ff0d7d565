#include "kernels/gemm/tensor/padding.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "kernels/source.hpp"

namespace stele::gemm {
namespace {

constexpr unsigned pad_threads = 256;
constexpr std::int64_t most_pad_blocks = 4096;

OperandRows rows_of(const Shape& shape, std::int64_t rows, std::int64_t cols) {
    const auto vector = static_cast<std::int64_t>(16 / size_of(shape.dtype));
    return {rows, cols, ceil_div(cols, vector) * vector};
}

Operand operand(const OperandRows& rows, std::size_t tensor, std::size_t scratch) {
    return rows.padded() ? Operand{ScratchOperand{scratch}} : Operand{TensorOperand{tensor}};
}

KernelSource pad_source(const KernelSource& kernel, const std::string& algorithm, const Shape& shape) {
    const std::string path = "gemm/" + algorithm, entry = "gemm_" + algorithm + "_pad";
    const std::string instance(stele::name(shape.dtype));
    return kernel_source(kernel.language, path, entry, instance, kernel.options);
}

/// Adds the steps that copy what must be padded.
Plan padded(Plan plan, const std::string& algorithm, const Shape& shape) {
    std::vector<Step> steps;
    std::size_t tensor = 0;
    for (const OperandRows& rows : {rows_of_a(shape), rows_of_b(shape)}) {
        if (rows.padded()) {
            if (plan.scratch.empty()) plan.kernels.push_back(pad_source(plan.kernels[0], algorithm, shape));
            Step step{1, {static_cast<unsigned>(std::min(rows.rows, most_pad_blocks))}, {pad_threads}, 0, {}};
            step.operands = {TensorOperand{tensor}, ScratchOperand{plan.scratch.size()}, std::int64_t{rows.rows},
                             extent(rows.cols), extent(rows.stride)};
            plan.scratch.push_back(static_cast<std::size_t>(rows.rows * rows.stride) * size_of(shape.dtype));
            steps.push_back(std::move(step));
        }
        ++tensor;
    }
    plan.steps.insert(plan.steps.begin(), steps.begin(), steps.end());
    return plan;
}

}  // namespace

OperandRows rows_of_a(const Shape& shape) { return rows_of(shape, shape.batch * shape.m, shape.k); }

OperandRows rows_of_b(const Shape& shape) {
    const std::int64_t matrices = shape.products();
    return shape.b == LayoutB::kn ? rows_of(shape, matrices * shape.k, shape.n)
                                  : rows_of(shape, matrices * shape.n, shape.k);
}

std::vector<Operand> native_operands(const Shape& shape) {
    const OperandRows a = rows_of_a(shape), b = rows_of_b(shape);
    const bool scaled = shape.scale != Scale::none, grouped = !shape.groups.empty();
    const auto optional = [](bool there, std::size_t tensor) {
        return there ? Operand{TensorOperand{tensor}} : Operand{NullOperand{}};
    };
    const std::size_t c = index_of_c(shape);
    return {operand(a, 0, 0),         operand(b, 1, a.padded() ? 1 : 0),
            optional(scaled, 2),      optional(scaled, 3),
            optional(grouped, c - 1), TensorOperand{c},
            extent(shape.m),          extent(shape.n),
            extent(shape.k),          extent(a.stride),
            extent(b.stride),         extent(static_cast<std::int64_t>(shape.groups.size()))};
}

std::vector<Operand> opencl_operands(const Shape& shape) {
    const OperandRows a = rows_of_a(shape), b = rows_of_b(shape);
    return {operand(a, 0, 0), operand(b, 1, a.padded() ? 1 : 0),
            TensorOperand{2}, extent(shape.m),
            extent(shape.n),  extent(shape.k),
            extent(a.stride), extent(b.stride)};
}

std::int64_t block_rows(const Shape& shape, int block_m) {
    if (shape.groups.empty()) return ceil_div(shape.m, block_m);
    return shape.m / block_m + static_cast<std::int64_t>(shape.groups.size());
}

KernelRow tensor_row(const std::string& algorithm, const TensorTile& tile) {
    KernelRow row;
    row.algorithm = algorithm;
    row.tile = text(tile);
    row.threads = tile.threads();
    row.blocks = [tile](const Shape& shape) {
        return block_rows(shape, tile.block_m) * ceil_div(shape.n, tile.block_n);
    };
    row.operands = native_operands;
    return row;
}

std::size_t padded_bytes(const TensorTile& tile, const Shape& shape) {
    return tile.padded_bytes(static_cast<int>(size_of(shape.dtype)), shape.b == LayoutB::kn);
}

Support takes_only(const Shape& shape, std::initializer_list<Dtype> dtypes) {
    std::string list;
    for (Dtype dtype : dtypes) {
        if (dtype == shape.dtype) return {};
        list += fmt::format("{}{}", list.empty() ? "" : ", ", stele::name(dtype));
    }
    return Support::no(fmt::format("its matrix instructions multiply {}, not {}", list, stele::name(shape.dtype)));
}

Support takes_wmma(const DeviceInfo&, const Shape& shape) {
    return takes_only(shape, {Dtype::f16, Dtype::bf16, Dtype::tf32});
}

std::vector<Variant> padded_variants_of(const KernelRow& row) {
    KernelRow with_copies = row;
    with_copies.completed = [algorithm = row.algorithm](Plan plan, const DeviceInfo&, const Shape& shape) {
        return padded(std::move(plan), algorithm, shape);
    };
    return variants_of(with_copies);
}

}  // namespace stele::gemm
