// attention/flash_split: its rows.
#include "kernels/attention/flash_split/flash_split.hpp"

#include "kernels/attention/split_plan.hpp"

namespace stele::attention {
namespace {

std::size_t shared_bytes(Language language, const SplitTile& tile, const Shape& shape) {
    const int head_dim = static_cast<int>(shape.head_dim);
    return is_native(language) ? tile.shared_bytes(head_dim, size_of(shape.dtype))
                               : tile.local_bytes(head_dim, size_of(shape.dtype));
}

Support supports(Language language, const SplitTile& tile, const DeviceInfo& device, const Shape& shape) {
    if (Support few = wants_few_rows(shape); !few) return few;
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
    const TensorOperands tensors = operands_of(shape);
    SplitLaunch launch;
    launch.algorithm = "flash_split";
    launch.tile = text(tile);
    launch.block_m = tile.block_m;
    launch.step = tile.step();
    launch.threads = tile.num_threads();
    launch.shared_bytes = is_native(language) ? shared_bytes(language, tile, shape) : 0;
    launch.options = definitions(tile);
    // PTX alone reads e4m3.
    if (language == Language::ptx) launch.scales = {tensors.q_scale, tensors.k_scale, tensors.v_scale};
    return split_plan(language, launch, device, shape);
}

}  // namespace

std::vector<Variant> flash_split_variants() {
    VariantRow row;
    row.algorithm = "flash_split";
    return tiled_variants(row, split_tiles, supports, make_plan);
}

}  // namespace stele::attention
