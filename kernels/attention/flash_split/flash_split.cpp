// attention/flash_split: its rows.
#include "kernels/attention/flash_split/flash_split.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/attention/rows.hpp"
#include "kernels/source.hpp"

namespace stele::attention {
namespace {

// Beyond, the keys are read so often that the other algorithms do better.
constexpr std::int64_t most_packed_rows = 128;

std::size_t shared_bytes(Language language, const SplitTile& tile, const Shape& shape) {
    const int head_dim = static_cast<int>(shape.head_dim);
    return is_native(language) ? tile.shared_bytes(head_dim, size_of(shape.dtype))
                               : tile.local_bytes(head_dim, size_of(shape.dtype));
}

Support supports(Language language, const SplitTile& tile, const DeviceInfo& device, const Shape& shape) {
    if (shape.is_latent()) return Support::no("reads values of their own, not the first columns of keys");
    if (shape.group() * shape.seq_q > most_packed_rows)
        return Support::no(fmt::format("shaped for decoding: {} rows read each key, and it takes at most {}",
                                       shape.group() * shape.seq_q, most_packed_rows));
    if (language != Language::ptx)
        if (Support typed = takes_dtype(shape, {Dtype::f32, Dtype::f16, Dtype::bf16}); !typed) return typed;
    if (shape.has_scales() && device.compute_capability != 0 && device.compute_capability < 89)
        return Support::no("e4m3 has its conversions from compute capability 8.9 on");
    if (!takes(tile, static_cast<int>(shape.head_dim), size_of(shape.dtype)))
        return Support::no("a warp's sums would not fit where its keys and values were");
    if (Support has = has_head_dim(tile, shape); !has) return has;
    return fits_block(device, tile.num_threads(), shared_bytes(language, tile, shape));
}

Plan make_plan(Language language, const SplitTile& tile, const DeviceInfo& device, const Shape& shape) {
    const auto extent = [](std::int64_t value) { return Operand(static_cast<std::int32_t>(value)); };
    const std::int64_t split_keys = keys_of_part(device, shape, tile.block_m, tile.step());
    const std::int64_t splits = std::max<std::int64_t>(blocks(longest_seen(shape), split_keys), 1);
    const TensorOperands tensors = operands_of(shape);
    std::vector<std::string> options = definitions(tile);
    for (std::string& option : definitions_of(shape)) options.push_back(std::move(option));

    Plan plan;
    plan.scratch = parts_bytes(shape, splits);
    const ScratchOperand partial_acc{0}, partial_state{1};
    plan.kernels.push_back(kernel_source(language, "attention/flash_split", "attention_flash_split",
                                         text(tile) + ' ' + instance_of(shape), std::move(options)));
    std::vector<Operand> operands{tensors.q,          tensors.k,         tensors.v,
                                  tensors.page_table, tensors.q_offsets, tensors.k_offsets};
    // PTX alone reads e4m3.
    if (language == Language::ptx) operands.insert(operands.end(), {tensors.q_scale, tensors.k_scale, tensors.v_scale});
    operands.insert(operands.end(), {tensors.o, tensors.lse, partial_acc, partial_state, extent(shape.batch),
                                     extent(shape.heads), extent(shape.kv_heads), extent(shape.seq_q),
                                     extent(shape.seq_k), page_shift_of(shape), extent(shape.table_pages()),
                                     extent(split_keys), extent(splits), shape.softmax_scale, extent(shape.causal)});
    plan.steps.push_back({0,
                          {static_cast<unsigned>(blocks(shape.group() * shape.seq_q, tile.block_m) * splits),
                           static_cast<unsigned>(shape.kv_heads), static_cast<unsigned>(shape.batch)},
                          {static_cast<unsigned>(tile.num_threads()), 1, 1},
                          is_native(language) ? shared_bytes(language, tile, shape) : 0,
                          with_window(std::move(operands), shape)});
    if (splits > 1) add_combine(plan, language, shape, splits);
    return plan;
}

}  // namespace

std::vector<Variant> flash_split_variants() {
    std::vector<Variant> out;
    for (const SplitTile& tile : split_tiles) {
        VariantRow row;
        row.operation = "attention";
        row.algorithm = "flash_split";
        row.tile = text(tile);
        row.default_tile = tile == split_tiles.front();
        row.supports = [tile](Language language, const DeviceInfo& device, const Problem& problem) {
            return supports(language, tile, device, shape_of(problem));
        };
        row.plan = [tile](Language language, const DeviceInfo& device, const Problem& problem) {
            return make_plan(language, tile, device, shape_of(problem));
        };
        for (Variant& variant : variants_of(row)) out.push_back(std::move(variant));
    }
    return out;
}

}  // namespace stele::attention
