// attention / flash_tensor: its rows.
#include "kernels/attention/flash_tensor/flash_tensor.hpp"

#include <utility>

#include "kernels/attention/rows.hpp"
#include "kernels/source.hpp"

namespace stele::attention {
namespace {

std::size_t shared_bytes(Language language, const TensorTile& tile, const Shape& shape) {
    const int head_dim = static_cast<int>(shape.head_dim);
    return language == Language::cuda ? tile.operand_bytes(head_dim, wmma_pad) + tile.score_bytes()
                                      : tile.operand_bytes(head_dim, 0);
}

Support supports(Language language, const TensorTile& tile, const DeviceInfo& device, const Shape& shape) {
    if (Support typed = takes_dtype(shape, {Dtype::f16, Dtype::bf16}); !typed) return typed;
    if (Support laid_out = reads_layout(shape, Reads::dense, Masks::window); !laid_out) return laid_out;
    if (Support has = has_head_dim(tile, shape); !has) return has;
    return fits_block(device, tile.threads(), shared_bytes(language, tile, shape));
}

Plan make_plan(Language language, const TensorTile& tile, const DeviceInfo&, const Shape& shape) {
    std::vector<std::string> options = definitions(tile);
    for (std::string& option : definitions_of(shape)) options.push_back(std::move(option));
    Plan plan;
    plan.kernels.push_back(kernel_source(language, "attention/flash_tensor", "attention_flash_tensor",
                                         text(tile) + ' ' + instance_of(shape), std::move(options)));
    plan.steps.push_back(
        {0,
         {blocks(shape.group() * shape.seq_q, tile.block_m), static_cast<unsigned>(shape.kv_heads),
          static_cast<unsigned>(shape.batch)},
         {static_cast<unsigned>(tile.threads()), 1, 1},
         is_native(language) ? shared_bytes(language, tile, shape) : 0,
         with_window(with_sizes({TensorOperand{tensor_q}, TensorOperand{tensor_k}, TensorOperand{tensor_v},
                                 TensorOperand{tensor_o}, TensorOperand{tensor_lse}},
                                shape),
                     shape)});
    return plan;
}

}  // namespace

std::vector<Variant> flash_tensor_variants() {
    VariantRow row;
    row.algorithm = "flash_tensor";
    row.languages = {Language::cuda, Language::ptx};
    row.arithmetic_of = rounded_weights;
    std::vector<Variant> out = tiled_variants(row, flash_tensor_tiles, supports, make_plan);
    row.languages = {Language::opencl_ptx};
    for (Variant& variant : tiled_variants(row, flash_tensor_small_tiles, supports, make_plan))
        out.push_back(std::move(variant));
    return out;
}

}  // namespace stele::attention
