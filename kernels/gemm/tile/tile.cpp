// gemm / tile: its rows.
#include "kernels/gemm/tile/tile.hpp"

#include <fmt/format.h>

#include "kernels/gemm/hopper/layout.hpp"
#include "kernels/gemm/rows.hpp"
#include "kernels/gemm/tensor/padding.hpp"
#include "kernels/source.hpp"
#include "kernels/tile.hpp"

namespace stele::gemm {
namespace {

/// 16 bytes divide the rows of A, B and C: what TMA wants, and what the kernel may then promise the compiler.
bool has_aligned_rows(const Shape& shape) {
    const auto in_16_bytes = [](Dtype dtype) { return static_cast<std::int64_t>(16 / size_of(dtype)); };
    return shape.n % in_16_bytes(output_dtype(shape.dtype)) == 0 && shape.k % in_16_bytes(shape.dtype) == 0;
}

Support takes(const BlockTile& tile, const DeviceInfo& device, const Shape& shape) {
    if (shape.dtype == Dtype::tf32) return Support::no("computes f32, f16, bf16, e4m3 and s8, not tf32");
    if (constexpr int first = 89; shape.dtype == Dtype::e4m3 && device.compute_capability < first)
        return Support::no("the compiler of tiles has no 8-bit floats for architectures before sm_89");
    if (tile == f32_tile && shape.dtype != Dtype::f32) return Support::no("this tile is that of f32");
    if (!gemm::takes(tile, shape.dtype))
        return Support::no(fmt::format("{} takes more registers than this tile leaves: give @{}", name(shape.dtype),
                                       text(tile_of_any_rows(shape.dtype))));
    if (shape.scale == Scale::block && !takes_block_scales(tile))
        return Support::no("a step along K and the tile's columns are more than one block of scales: give @" +
                           text(block_tiles.front()));
    if (const BlockTile any = tile_of_any_rows(shape.dtype); tile != any && !has_aligned_rows(shape))
        return Support::no(fmt::format("16 bytes do not divide the rows: give @{}", text(any)));
    return {};
}

/// The kernel that knows of the rows, where they are so.
Plan with_known_rows(Plan plan, const Shape& shape) {
    const std::string instance = plan.kernels[0].instance + " aligned";
    if (has_aligned_rows(shape))
        plan.kernels[0] = kernel_source(Language::cuda_tile, "gemm/tile", "gemm_tile", instance);
    return plan;
}

std::vector<Operand> operands(const Shape& shape) {
    const bool scaled = shape.scale != Scale::none;
    const auto scale = [&](std::size_t tensor) { return scaled ? Operand{TensorOperand{tensor}} : NullOperand{}; };
    return {TensorOperand{0},
            TensorOperand{1},
            scale(2),
            scale(3),
            row_begin_operand(shape),
            TensorOperand{index_of_c(shape)},
            extent(shape.m),
            extent(shape.n),
            extent(shape.k),
            extent(static_cast<std::int64_t>(shape.groups.size()))};
}

}  // namespace

std::vector<Variant> tile_variants() {
    std::vector<Variant> out;
    for (const BlockTile& tile : block_tiles) {
        KernelRow row;
        row.algorithm = "tile";
        row.tile = text(tile);
        row.default_tile = tile == block_tiles.front();
        row.languages = {Language::cuda_tile};
        row.architectures = {"sm_80", "sm_90a", "sm_100", "sm_120"};
        // On Hopper 8-bit floats are summed by the instruction that the hopper family has.
        row.arithmetic_of = hopper_arithmetic;
        // A launch counts blocks; of threads the compiler decides.
        row.threads = 1;
        row.blocks = [tile](const Shape& shape) {
            return block_rows(shape, tile.block_m) * ceil_div(shape.n, tile.block_n);
        };
        row.takes = [tile](const DeviceInfo& device, const Shape& shape) { return takes(tile, device, shape); };
        row.operands = operands;
        row.completed = [](Plan plan, const DeviceInfo&, const Shape& shape) {
            return with_known_rows(std::move(plan), shape);
        };
        for (Variant& variant : variants_of(row)) out.push_back(std::move(variant));
    }
    return out;
}

}  // namespace stele::gemm
