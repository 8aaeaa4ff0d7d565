// attention / tile: its rows.
#include "kernels/attention/tile/tile.hpp"

#include <algorithm>

#include "kernels/attention/rows.hpp"
#include "kernels/source.hpp"

namespace stele::attention {
namespace {

/// A grid's y and z.
constexpr std::int64_t most_in_y = 65535;

Support supports(Language, const BlockTile&, const DeviceInfo&, const Shape& shape) {
    if (Support laid_out = reads_layout(shape, Reads::dense); !laid_out) return laid_out;
    if (Support typed = takes_dtype(shape, {Dtype::f16, Dtype::bf16}); !typed) return typed;
    if (shape.head_dim > 128) return Support::no("compiled for head_dim 64 and 128");
    if (shape.batch > most_in_y || shape.kv_heads > most_in_y)
        return Support::no("batch and kv_heads must not exceed 65535, the grid's limit");
    return {};
}

/// How the keys are cut: into as many parts as give each compute unit two blocks, each of two tiles at least.
struct Parts {
    std::int64_t keys, count;
};
Parts parts_of(const DeviceInfo& device, const Shape& shape, const BlockTile& tile) {
    const std::int64_t units = 2 * std::max(1, device.compute_units);
    const std::int64_t row_blocks =
        std::int64_t{blocks(shape.group() * shape.seq_q, tile.block_m)} * shape.kv_heads * shape.batch;
    const std::int64_t tiles = std::max<std::int64_t>(blocks(shape.seq_k, tile.block_n), 1);
    const std::int64_t wanted = std::clamp<std::int64_t>(std::min(units / row_blocks, tiles / 2), 1, 128);
    const std::int64_t tiles_of_part = blocks(tiles, wanted);
    return {tiles_of_part * tile.block_n, blocks(tiles, tiles_of_part)};
}

Plan make_plan(Language language, const BlockTile& tile, const DeviceInfo& device, const Shape& shape) {
    const auto extent = [](std::int64_t value) { return Operand(static_cast<std::int32_t>(value)); };
    const Parts parts = parts_of(device, shape, tile);
    const bool in_parts = parts.count > 1;
    const Operand partial_acc = in_parts ? Operand{ScratchOperand{0}} : NullOperand{};
    const Operand partial_state = in_parts ? Operand{ScratchOperand{1}} : NullOperand{};
    const TensorOperand o{tensor_o}, lse{tensor_lse};
    Plan plan;
    // A launch counts blocks; of threads the compiler decides.
    constexpr Dim3 block{1, 1, 1};
    plan.kernels.push_back(
        kernel_source(language, "attention/tile", "attention_tile", text(tile) + ' ' + instance_of(shape)));
    plan.steps.push_back(
        {0,
         {static_cast<unsigned>(blocks(shape.group() * shape.seq_q, tile.block_m) * parts.count),
          static_cast<unsigned>(shape.kv_heads), static_cast<unsigned>(shape.batch)},
         block,
         0,
         {TensorOperand{tensor_q}, TensorOperand{tensor_k}, TensorOperand{tensor_v}, o, lse, partial_acc, partial_state,
          extent(shape.heads), extent(shape.kv_heads), extent(shape.seq_q), extent(shape.seq_k), extent(parts.keys),
          extent(parts.count), shape.softmax_scale, extent(shape.causal)}});
    if (!in_parts) return plan;
    plan.scratch = parts_bytes(shape, parts.count);
    plan.kernels.push_back(kernel_source(language, "attention/tile", "attention_tile_combine", instance_of(shape)));
    plan.steps.push_back({1,
                          {blocks(shape.rows(), combined_rows), 1, 1},
                          block,
                          0,
                          {o, lse, partial_acc, partial_state, extent(shape.rows()), extent(parts.count)}});
    return plan;
}

}  // namespace

std::vector<Variant> tile_variants() {
    VariantRow row;
    row.algorithm = "tile";
    row.languages = {Language::cuda_tile};
    row.arithmetic_of = rounded_weights;
    return tiled_variants(row, block_tiles, supports, make_plan);
}

}  // namespace stele::attention
