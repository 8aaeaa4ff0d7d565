// attention/flash_stream: its rows.
#include "kernels/attention/flash_stream/flash_stream.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/attention/rows.hpp"
#include "kernels/source.hpp"
#include "kernels/tile_space.hpp"

namespace stele::attention {
namespace {

Support supports(const StreamTile& tile, const DeviceInfo& device, const Shape& shape) {
    if (!device.is_cpu)
        return Support::no("shaped for CPUs: a block is one thread, with keys and values in the first-level cache");
    if (shape.is_latent()) return Support::no("reads values of their own, not the first columns of keys");
    if (Support typed = takes_dtype(shape, {Dtype::f32, Dtype::f16, Dtype::bf16}); !typed) return typed;
    return fits_block(device, 1, tile.local_bytes(static_cast<int>(shape.head_dim)));
}

Plan make_plan(Language language, const StreamTile& tile, const DeviceInfo& device, const Shape& shape) {
    const auto extent = [](std::int64_t value) { return Operand(static_cast<std::int32_t>(value)); };
    const std::int64_t split_keys = keys_of_part(device, shape, tile.block_m, tile.block_n);
    const std::int64_t splits = std::max<std::int64_t>(blocks(longest_seen(shape), split_keys), 1);
    const TensorOperands tensors = operands_of(shape);
    std::vector<std::string> options = definitions(tile);
    for (std::string& option : definitions_of(shape)) options.push_back(std::move(option));
    if (device.platform == "Portable Computing Language") options.emplace_back("-DBUILTIN_PREFETCH");

    Plan plan;
    plan.scratch = parts_bytes(shape, splits);
    const ScratchOperand partial_acc{0}, partial_state{1};
    plan.kernels.push_back(kernel_source(language, "attention/flash_stream", "attention_flash_stream",
                                         text(tile) + ' ' + instance_of(shape), std::move(options)));
    std::vector<Operand> operands{tensors.q,          tensors.k,         tensors.v,
                                  tensors.page_table, tensors.q_offsets, tensors.k_offsets};
    operands.insert(operands.end(), {tensors.o, tensors.lse, partial_acc, partial_state, extent(shape.batch),
                                     extent(shape.heads), extent(shape.kv_heads), extent(shape.seq_q),
                                     extent(shape.seq_k), page_shift_of(shape), extent(shape.table_pages()),
                                     extent(split_keys), extent(splits), shape.softmax_scale, extent(shape.causal)});
    plan.steps.push_back({0,
                          {static_cast<unsigned>(blocks(shape.group() * shape.seq_q, tile.block_m) * splits),
                           static_cast<unsigned>(shape.kv_heads), static_cast<unsigned>(shape.batch)},
                          {1, 1, 1},
                          0,
                          with_window(std::move(operands), shape)});
    if (splits > 1) add_combine(plan, language, shape, splits);
    return plan;
}

VariantRow row_of(const StreamTile& tile) {
    VariantRow row;
    row.operation = "attention";
    row.algorithm = "flash_stream";
    row.tile = text(tile);
    row.default_tile = tile == stream_tiles.front();
    row.languages = {Language::opencl};
    row.supports = [tile](Language, const DeviceInfo& device, const Problem& problem) {
        return supports(tile, device, shape_of(problem));
    };
    row.plan = [tile](Language language, const DeviceInfo& device, const Problem& problem) {
        return make_plan(language, tile, device, shape_of(problem));
    };
    return row;
}

}  // namespace

std::string why_illegal(const StreamTile& tile) {
    if (tile.block_n % 16 != 0) return "BLOCK_N is not a multiple of 16, the width of a vector";
    if (tile.local_bytes(128) > 1024 * 1024) return "rows, keys and values take more than 1 MiB at head_dim 128";
    return {};
}

std::vector<Variant> flash_stream_variants() {
    const std::shared_ptr<const TileSpace> space = make_tile_space<StreamTile>(
        {{{4, 8, 16, 32}, {16, 32, 64, 128}}}, [](const StreamTile& tile) { return why_illegal(tile); },
        [](const StreamTile& tile) { return variants_of(row_of(tile)).front(); });
    std::vector<Variant> out;
    for (const StreamTile& tile : stream_tiles) {
        VariantRow row = row_of(tile);
        row.tile_space = space;
        for (Variant& variant : variants_of(row)) out.push_back(std::move(variant));
    }
    return out;
}

}  // namespace stele::attention
