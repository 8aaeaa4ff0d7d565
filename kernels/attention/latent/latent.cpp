// attention/latent: its rows.
#include "kernels/attention/latent/latent.hpp"

#include <algorithm>

#include "kernels/attention/rows.hpp"
#include "kernels/source.hpp"

namespace stele::attention {
namespace {

std::size_t shared_bytes(Language language, const LatentTile& tile, const Shape& shape) {
    const std::size_t element = size_of(shape.dtype);
    return is_native(language) ? tile.shared_bytes(element, latent_stages) : tile.local_bytes(element);
}

Support supports(Language language, const LatentTile& tile, const DeviceInfo& device, const Shape& shape) {
    if (!shape.is_latent()) return Support::no("reads the first columns of keys as their values: latent=512");
    return fits_block(device, tile.plain().num_threads(), shared_bytes(language, tile, shape));
}

Plan make_plan(Language language, const LatentTile& tile, const DeviceInfo& device, const Shape& shape) {
    const auto extent = [](std::int64_t value) { return Operand(static_cast<std::int32_t>(value)); };
    const std::int64_t split_keys = keys_of_part(device, shape, tile.block_m, latent_stages * tile.block_n);
    const std::int64_t splits = std::max<std::int64_t>(blocks(longest_seen(shape), split_keys), 1);
    const TensorOperands tensors = operands_of(shape);
    std::vector<std::string> options = definitions(tile);
    for (std::string& option : definitions_of(shape)) options.push_back(std::move(option));

    Plan plan;
    plan.scratch = parts_bytes(shape, splits);
    const ScratchOperand partial_acc{0}, partial_state{1};
    plan.kernels.push_back(kernel_source(language, "attention/latent", "attention_latent",
                                         text(tile) + ' ' + instance_of(shape), std::move(options)));
    plan.steps.push_back(
        {0,
         {static_cast<unsigned>(blocks(shape.heads * shape.seq_q, tile.block_m) * splits), 1,
          static_cast<unsigned>(shape.batch)},
         {static_cast<unsigned>(tile.plain().num_threads()), 1, 1},
         is_native(language) ? shared_bytes(language, tile, shape) : 0,
         with_window({tensors.q, tensors.k, tensors.page_table, tensors.q_offsets, tensors.k_offsets, tensors.o,
                      tensors.lse, partial_acc, partial_state, extent(shape.batch), extent(shape.heads),
                      extent(shape.seq_q), extent(shape.seq_k), page_shift_of(shape), extent(shape.table_pages()),
                      extent(split_keys), extent(splits), shape.softmax_scale, extent(shape.causal)},
                     shape)});
    if (splits > 1) add_combine(plan, language, shape, splits);
    return plan;
}

}  // namespace

std::vector<Variant> latent_variants() {
    std::vector<Variant> out;
    for (const LatentTile& tile : latent_tiles) {
        VariantRow row;
        row.operation = "attention";
        row.algorithm = "latent";
        row.tile = text(tile);
        row.default_tile = tile == latent_tiles.front();
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
