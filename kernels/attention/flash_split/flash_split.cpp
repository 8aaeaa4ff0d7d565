// attention/flash_split: its rows.
#include "kernels/attention/flash_split/flash_split.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "kernels/attention/rows.hpp"
#include "kernels/source.hpp"

namespace stele::attention {
namespace {

// Beyond, the keys are read so often that the other algorithms do better.
constexpr std::int64_t most_packed_rows = 128;
constexpr std::int64_t most_splits = 128;

/// Keys of a part, in whole steps of a block: as many as give each compute unit two blocks, but two steps at least, as
/// below that a part's sums take as long as its keys.
std::int64_t keys_of_part(const DeviceInfo& device, const Shape& shape, const SplitTile& tile) {
    const std::int64_t units = 2 * std::max(1, device.compute_units);
    const std::int64_t row_blocks = blocks(shape.group() * shape.seq_q, tile.block_m) * shape.kv_heads;
    std::int64_t all_seen = 0;
    for (std::int64_t sequence = 0; sequence < shape.batch; ++sequence) all_seen += shape.seen_keys_of(sequence);
    const std::int64_t even = blocks(all_seen * row_blocks, units);
    const std::int64_t steps = std::max<std::int64_t>(blocks(even, tile.step()), 2);
    return tile.step() * std::max<std::int64_t>(steps, blocks(longest_seen(shape), tile.step() * most_splits));
}

std::size_t shared_bytes(Language language, const SplitTile& tile, const Shape& shape) {
    const int head_dim = static_cast<int>(shape.head_dim);
    return is_native(language) ? tile.shared_bytes(head_dim, size_of(shape.dtype))
                               : tile.local_bytes(head_dim, size_of(shape.dtype));
}

Support supports(Language language, const SplitTile& tile, const DeviceInfo& device, const Shape& shape) {
    if (shape.group() * shape.seq_q > most_packed_rows)
        return Support::no(fmt::format("shaped for decoding: {} rows read each key, and it takes at most {}",
                                       shape.group() * shape.seq_q, most_packed_rows));
    return fits_block(device, tile.num_threads(), shared_bytes(language, tile, shape));
}

Plan make_plan(Language language, const SplitTile& tile, const DeviceInfo& device, const Shape& shape) {
    const auto extent = [](std::int64_t value) { return Operand(static_cast<std::int32_t>(value)); };
    const std::int64_t split_keys = keys_of_part(device, shape, tile);
    const std::int64_t splits = std::max<std::int64_t>(blocks(longest_seen(shape), split_keys), 1);
    const int page_shift = std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(shape.page, 1))) - 1;
    const TensorOperands tensors = operands_of(shape);
    std::vector<std::string> options = definitions(tile);
    for (std::string& option : definitions_of(shape)) options.push_back(std::move(option));

    Plan plan;
    plan.scratch = parts_bytes(shape, splits);
    const ScratchOperand partial_acc{0}, partial_state{1};
    plan.kernels.push_back(kernel_source(language, "attention/flash_split", "attention_flash_split",
                                         text(tile) + ' ' + instance_of(shape), std::move(options)));
    plan.steps.push_back({0,
                          {static_cast<unsigned>(blocks(shape.group() * shape.seq_q, tile.block_m) * splits),
                           static_cast<unsigned>(shape.kv_heads), static_cast<unsigned>(shape.batch)},
                          {static_cast<unsigned>(tile.num_threads()), 1, 1},
                          is_native(language) ? shared_bytes(language, tile, shape) : 0,
                          with_window({tensors.q,
                                       tensors.k,
                                       tensors.v,
                                       tensors.page_table,
                                       tensors.q_offsets,
                                       tensors.k_offsets,
                                       tensors.o,
                                       tensors.lse,
                                       partial_acc,
                                       partial_state,
                                       extent(shape.batch),
                                       extent(shape.heads),
                                       extent(shape.kv_heads),
                                       extent(shape.seq_q),
                                       extent(shape.seq_k),
                                       extent(page_shift),
                                       extent(shape.table_pages()),
                                       extent(split_keys),
                                       extent(splits),
                                       shape.softmax_scale,
                                       extent(shape.causal)},
                                      shape)});
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
