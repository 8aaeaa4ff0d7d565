// attention / tile: its rows.
#include "kernels/attention/tile/tile.hpp"

#include "kernels/attention/rows.hpp"
#include "kernels/source.hpp"

namespace stele::attention {
namespace {

/// A grid's y and z.
constexpr std::int64_t most_in_y = 65535;

Support supports_block(const Shape& shape) {
    if (Support laid_out = reads_layout(shape, Reads::dense); !laid_out) return laid_out;
    if (Support typed = takes_dtype(shape, {Dtype::f16, Dtype::bf16}); !typed) return typed;
    if (shape.head_dim > 128) return Support::no("compiled for head_dim 64 and 128");
    if (shape.batch > most_in_y || shape.kv_heads > most_in_y)
        return Support::no("batch and kv_heads must not exceed 65535, the grid's limit");
    return {};
}

Plan make_plan(Language language, const BlockTile& tile, const Shape& shape) {
    Plan plan;
    plan.kernels.push_back(
        kernel_source(language, "attention/tile", "attention_tile", text(tile) + ' ' + instance_of(shape)));
    // A launch counts blocks; of threads the compiler decides.
    plan.steps.push_back({0,
                          {blocks(shape.group() * shape.seq_q, tile.block_m), static_cast<unsigned>(shape.kv_heads),
                           static_cast<unsigned>(shape.batch)},
                          {1, 1, 1},
                          0,
                          with_sizes({TensorOperand{tensor_q}, TensorOperand{tensor_k}, TensorOperand{tensor_v},
                                      TensorOperand{tensor_o}, TensorOperand{tensor_lse}},
                                     shape)});
    return plan;
}

}  // namespace

std::vector<Variant> tile_variants() {
    std::vector<Variant> out;
    for (const BlockTile& tile : block_tiles) {
        VariantRow row;
        row.operation = "attention";
        row.algorithm = "tile";
        row.tile = text(tile);
        row.default_tile = tile == block_tiles.front();
        row.languages = {Language::cuda_tile};
        row.architectures = {"sm_80", "sm_90a", "sm_100", "sm_120"};
        row.arithmetic_of = rounded_weights;
        row.supports = [](Language, const DeviceInfo&, const Problem& problem) {
            return supports_block(shape_of(problem));
        };
        row.plan = [tile](Language language, const DeviceInfo&, const Problem& problem) {
            return make_plan(language, tile, shape_of(problem));
        };
        for (Variant& variant : variants_of(row)) out.push_back(std::move(variant));
    }
    return out;
}

}  // namespace stele::attention
