// attention / flash_tensor: its rows.
#include "kernels/attention/flash_tensor/flash_tensor.hpp"

#include "kernels/attention/rows.hpp"
#include "kernels/source.hpp"

namespace stele::attention {
namespace {

std::size_t shared_bytes(Language language, const TensorTile& tile, const Shape& shape) {
    const int head_dim = static_cast<int>(shape.head_dim);
    return language == Language::ptx ? tile.operand_bytes(head_dim, 0)
                                     : tile.operand_bytes(head_dim, wmma_pad) + tile.score_bytes();
}

Support supports(Language language, const TensorTile& tile, const DeviceInfo& device, const Shape& shape) {
    if (shape.dtype == Dtype::f32) return Support::no("the matrix unit takes f16 and bf16, not f32");
    if (Support laid_out = reads_layout(shape, Reads::dense, Masks::window); !laid_out) return laid_out;
    if (Support has = has_head_dim(tile, shape); !has) return has;
    return fits_block(device, tile.threads(), shared_bytes(language, tile, shape));
}

Plan make_plan(Language language, const TensorTile& tile, const Shape& shape) {
    Plan plan;
    plan.kernels.push_back(kernel_source(language, "attention/flash_tensor", "attention_flash_tensor",
                                         text(tile) + ' ' + instance_of(shape)));
    plan.steps.push_back(
        {0,
         {blocks(shape.group() * shape.seq_q, tile.block_m), static_cast<unsigned>(shape.kv_heads),
          static_cast<unsigned>(shape.batch)},
         {static_cast<unsigned>(tile.threads()), 1, 1},
         shared_bytes(language, tile, shape),
         with_window(with_sizes({TensorOperand{tensor_q}, TensorOperand{tensor_k}, TensorOperand{tensor_v},
                                 TensorOperand{tensor_o}, TensorOperand{tensor_lse}},
                                shape),
                     shape)});
    return plan;
}

}  // namespace

std::vector<Variant> flash_tensor_variants() {
    std::vector<Variant> out;
    for (const TensorTile& tile : flash_tensor_tiles) {
        VariantRow row;
        row.operation = "attention";
        row.algorithm = "flash_tensor";
        row.tile = text(tile);
        row.default_tile = tile == flash_tensor_tiles.front();
        row.languages = {Language::cuda, Language::ptx};
        row.arithmetic_of = rounded_weights;
        row.supports = [tile](Language language, const DeviceInfo& device, const Problem& problem) {
            return supports(language, tile, device, shape_of(problem));
        };
        row.plan = [tile](Language language, const DeviceInfo&, const Problem& problem) {
            return make_plan(language, tile, shape_of(problem));
        };
        for (Variant& variant : variants_of(row)) out.push_back(std::move(variant));
    }
    return out;
}

}  // namespace stele::attention
