// attention/flash: its rows.
#include <algorithm>

#include "kernels/attention/flash/flash.hpp"
#include "kernels/attention/rows.hpp"
#include "kernels/source.hpp"

namespace stele::attention {
namespace {

/// Dynamic shared memory of a launch, in bytes; OpenCL's kernel declares its own.
std::size_t launch_bytes(Language language, const Tile& tile, const Shape& shape) {
    const int head_dim = static_cast<int>(shape.head_dim);
    if (!is_native(language)) return 0;
    return language == Language::ptx ? flash_ptx_bytes(tile, head_dim, size_of(shape.dtype))
                                     : flash_bytes(tile, head_dim);
}

/// Into how many parts the keys are cut: as many as give each compute unit two blocks, each at least 8 tiles long.
std::int64_t key_splits(const DeviceInfo& device, const Shape& shape, const Tile& tile) {
    const std::int64_t units = 2 * std::max(1, device.compute_units);
    const std::int64_t row_blocks =
        std::int64_t{blocks(shape.group() * shape.seq_q, tile.block_m)} * shape.kv_heads * shape.batch;
    const std::int64_t key_tiles = blocks(longest_seen(shape), tile.block_n);
    return std::clamp<std::int64_t>(std::min<std::int64_t>(blocks(units, row_blocks), key_tiles / 8), 1, 128);
}

KernelSource source(Language language, const std::string& entry, const Tile& tile, const Shape& shape) {
    const std::string instance = text(tile) + ' ' + instance_of(shape);
    std::vector<std::string> options = definitions(tile);
    for (std::string& option : definitions_of(shape)) options.push_back(std::move(option));
    options.emplace_back("-DKEEP_F32");
    return kernel_source(language, "attention/flash", entry, instance, std::move(options));
}

Support supports(Language language, const Tile& tile, const DeviceInfo& device, const Shape& shape) {
    if (Support typed = takes_dtype(shape, {Dtype::f32, Dtype::f16, Dtype::bf16}); !typed) return typed;
    if (Support laid_out = reads_layout(shape, Reads::packed, Masks::window); !laid_out) return laid_out;
    if (Support has = has_head_dim(tile, shape); !has) return has;
    const std::size_t local = tile.local_bytes(static_cast<int>(shape.head_dim), sizeof(float));
    return fits_block(device, tile.num_threads(), is_native(language) ? launch_bytes(language, tile, shape) : local);
}

Plan make_plan(Language language, const Tile& tile, const DeviceInfo& device, const Shape& shape) {
    const auto extent = [](std::int64_t value) { return Operand(static_cast<std::int32_t>(value)); };
    const TensorOperands tensors = operands_of(shape);
    const std::int64_t splits = key_splits(device, shape, tile);

    Plan plan;
    plan.scratch = parts_bytes(shape, splits);
    const ScratchOperand partial_acc{0}, partial_state{1};
    plan.kernels.push_back(source(language, "attention_flash", tile, shape));
    plan.steps.push_back({0,
                          {static_cast<unsigned>(blocks(shape.group() * shape.seq_q, tile.block_m) * splits),
                           static_cast<unsigned>(shape.kv_heads), static_cast<unsigned>(shape.batch)},
                          {static_cast<unsigned>(tile.num_threads()), 1, 1},
                          launch_bytes(language, tile, shape),
                          with_window({tensors.q, tensors.k, tensors.v, tensors.q_offsets, tensors.k_offsets, tensors.o,
                                       tensors.lse, partial_acc, partial_state, extent(shape.batch),
                                       extent(shape.heads), extent(shape.kv_heads), extent(shape.seq_q),
                                       extent(shape.seq_k), extent(splits), shape.softmax_scale, extent(shape.causal)},
                                      shape)});
    if (splits > 1) add_combine(plan, language, shape, splits);
    return plan;
}

}  // namespace

std::vector<Variant> flash_variants() {
    VariantRow row;
    row.algorithm = "flash";
    return tiled_variants(row, flash_tiles, supports, make_plan);
}

}  // namespace stele::attention
