// attention/latent_tensor: its rows.
#include "kernels/attention/latent_tensor/latent_tensor.hpp"

#include <utility>

#include "kernels/attention/split_plan.hpp"

namespace stele::attention {
namespace {

std::size_t shared_bytes(Language language, const LatentTensorTile& tile) {
    return language == Language::cuda ? tile.wmma_bytes() : tile.ptx_bytes();
}

Support supports(Language language, const LatentTensorTile& tile, const DeviceInfo& device, const Shape& shape) {
    if (Support typed = takes_dtype(shape, {Dtype::f16, Dtype::bf16}); !typed) return typed;
    if (Support latent = wants_latent(shape); !latent) return latent;
    return fits_block(device, tile.threads(), shared_bytes(language, tile));
}

Plan make_plan(Language language, const LatentTensorTile& tile, const DeviceInfo& device, const Shape& shape) {
    SplitLaunch launch;
    launch.algorithm = "latent_tensor";
    launch.tile = text(tile);
    launch.block_m = tile.block_m;
    launch.step = tile.stages * tile.block_n;
    launch.threads = tile.threads();
    launch.shared_bytes = shared_bytes(language, tile);
    return split_plan(language, launch, device, shape);
}

}  // namespace

std::vector<Variant> latent_tensor_variants() {
    VariantRow row;
    row.algorithm = "latent_tensor";
    row.arithmetic_of = rounded_weights;
    row.languages = {Language::cuda};
    std::vector<Variant> out = tiled_variants(row, latent_tensor_wmma_tiles, supports, make_plan);
    row.languages = {Language::ptx};
    for (Variant& variant : tiled_variants(row, latent_tensor_tiles, supports, make_plan))
        out.push_back(std::move(variant));
    return out;
}

}  // namespace stele::attention
