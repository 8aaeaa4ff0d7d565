// attention/latent: its rows.
#include "kernels/attention/latent/latent.hpp"

#include "kernels/attention/split_plan.hpp"

namespace stele::attention {
namespace {

std::size_t shared_bytes(Language language, const LatentTile& tile, const Shape& shape) {
    const std::size_t element = size_of(shape.dtype);
    return is_native(language) ? tile.shared_bytes(element, latent_stages) : tile.local_bytes(element);
}

Support supports(Language language, const LatentTile& tile, const DeviceInfo& device, const Shape& shape) {
    if (Support typed = takes_dtype(shape, {Dtype::f32, Dtype::f16, Dtype::bf16}); !typed) return typed;
    if (Support latent = wants_latent(shape); !latent) return latent;
    return fits_block(device, tile.plain().num_threads(), shared_bytes(language, tile, shape));
}

Plan make_plan(Language language, const LatentTile& tile, const DeviceInfo& device, const Shape& shape) {
    SplitLaunch launch;
    launch.algorithm = "latent";
    launch.tile = text(tile);
    launch.block_m = tile.block_m;
    launch.step = latent_stages * tile.block_n;
    launch.threads = tile.plain().num_threads();
    launch.shared_bytes = is_native(language) ? shared_bytes(language, tile, shape) : 0;
    launch.options = definitions(tile);
    return split_plan(language, launch, device, shape);
}

}  // namespace

std::vector<Variant> latent_variants() {
    VariantRow row;
    row.algorithm = "latent";
    return tiled_variants(row, latent_tiles, supports, make_plan);
}

}  // namespace stele::attention
