// attention / flash_hopper: its rows.
#include "kernels/attention/flash_hopper/flash_hopper.hpp"

#include <algorithm>

#include "kernels/attention/rows.hpp"
#include "kernels/source.hpp"

namespace stele::attention {
namespace {

constexpr std::size_t barrier_bytes = 1024;
/// A grid's y and z.
constexpr std::int64_t most_in_y = 65535;

std::size_t shared_bytes(const HopperTile& tile, const Shape& shape) {
    return tile.shared_bytes(static_cast<int>(shape.head_dim), size_of(shape.dtype));
}

Support supports(Language, const HopperTile& tile, const DeviceInfo& device, const Shape& shape) {
    if (Support typed = takes_dtype(shape, {Dtype::f16, Dtype::bf16, Dtype::e4m3}); !typed) return typed;
    if (!takes_bytes(tile, size_of(shape.dtype))) return Support::no("e4m3 takes tiles of 128 keys");
    if (Support has = has_head_dim(tile, shape); !has) return has;
    if (shape.seq_k == 0) return Support::no("a tensor map wants at least one key");
    if (shape.batch > most_in_y || shape.heads > most_in_y)
        return Support::no("batch and heads must not exceed 65535, the grid's limit");
    if (Support laid_out = reads_layout(shape, Reads::dense, Masks::window); !laid_out) return laid_out;
    return fits_block(device, tile.threads(), shared_bytes(tile, shape) + barrier_bytes);
}

/// [matrices, rows, head_dim] in boxes of `box_rows` rows and 128 bytes, or head_dim where that is less. V in 8 bits is
/// read by threads, who want it as it lies in memory.
TensorMapOperand map_of(std::size_t tensor, const Shape& shape, std::int64_t matrices, std::int64_t rows,
                        int box_rows) {
    TensorMapSpec spec;
    const std::uint64_t bytes = size_of(shape.dtype);
    spec.element = shape.dtype == Dtype::e4m3  ? TensorMapElement::u8
                   : shape.dtype == Dtype::f16 ? TensorMapElement::f16
                                               : TensorMapElement::bf16;
    spec.rank = 3;
    const auto row = static_cast<std::uint64_t>(shape.head_dim), count = static_cast<std::uint64_t>(rows);
    spec.extent = {row, count, static_cast<std::uint64_t>(matrices)};
    spec.stride = {bytes, bytes * row, bytes * row * count};
    const auto width = static_cast<std::uint32_t>(std::min<std::uint64_t>(row * bytes, 128));
    spec.box = {width / static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(box_rows), 1};
    spec.swizzle = tensor == tensor_v && bytes == 1 ? TensorMapSwizzle::none
                   : width == 64                    ? TensorMapSwizzle::bytes_64
                                                    : TensorMapSwizzle::bytes_128;
    return {tensor, false, spec};
}

Plan make_plan(Language language, const HopperTile& tile, const DeviceInfo&, const Shape& shape) {
    const TensorOperands tensors = operands_of(shape);
    Plan plan;
    plan.kernels.push_back(kernel_source(language, "attention/flash_hopper", "attention_flash_hopper",
                                         text(tile) + ' ' + instance_of(shape)));
    plan.steps.push_back(
        {0,
         {blocks(shape.seq_q, tile.block_m()), static_cast<unsigned>(shape.heads), static_cast<unsigned>(shape.batch)},
         {static_cast<unsigned>(tile.threads()), 1, 1},
         shared_bytes(tile, shape),
         with_window(with_sizes({map_of(tensor_q, shape, shape.batch * shape.heads, shape.seq_q, 64),
                                 map_of(tensor_k, shape, shape.batch * shape.kv_heads, shape.seq_k, tile.block_n),
                                 map_of(tensor_v, shape, shape.batch * shape.kv_heads, shape.seq_k, tile.block_n),
                                 tensors.q_scale, tensors.k_scale, tensors.v_scale, tensors.o, tensors.lse},
                                shape),
                     shape)});
    return plan;
}

/// Sums of 8-bit products stay in the matrix unit, which keeps 13 bits of fraction and rounds once for 32.
Arithmetic arithmetic_of(const Problem& problem) {
    Arithmetic arithmetic = rounded_weights(problem);
    if (problem.dtype() == Dtype::e4m3) {
        arithmetic.narrower_roundoff = 0x1p-13;
        arithmetic.products_per_rounding = 32;
    }
    return arithmetic;
}

}  // namespace

std::vector<Variant> flash_hopper_variants() {
    VariantRow row;
    row.algorithm = "flash_hopper";
    row.languages = {Language::ptx};
    row.architectures = {"sm_90a"};
    row.arithmetic_of = arithmetic_of;
    return tiled_variants(row, flash_hopper_tiles, supports, make_plan);
}

}  // namespace stele::attention
