// attention/latent_hopper: its rows.
#include "kernels/attention/latent_hopper/latent_hopper.hpp"

#include "kernels/attention/split_plan.hpp"

namespace stele::attention {
namespace {

/// Barriers, and what consumers tell each other, with the room to where tiles begin.
constexpr std::size_t barrier_bytes = 1024;

Support supports(Language, const LatentHopperTile& tile, const DeviceInfo& device, const Shape& shape) {
    if (Support typed = takes_dtype(shape, {Dtype::f16, Dtype::bf16}); !typed) return typed;
    if (Support latent = wants_latent(shape); !latent) return latent;
    return fits_block(device, tile.threads, tile.shared_bytes() + barrier_bytes);
}

Plan make_plan(Language language, const LatentHopperTile& tile, const DeviceInfo& device, const Shape& shape) {
    SplitLaunch launch;
    launch.algorithm = "latent_hopper";
    launch.tile = text(tile);
    launch.block_m = tile.block_m;
    launch.step = tile.stages * tile.block_n;
    launch.threads = tile.threads;
    launch.shared_bytes = tile.shared_bytes();
    return split_plan(language, launch, device, shape);
}

}  // namespace

std::vector<Variant> latent_hopper_variants() {
    VariantRow row;
    row.algorithm = "latent_hopper";
    row.languages = {Language::ptx};
    row.architectures = {"sm_90a"};
    row.arithmetic_of = rounded_weights;
    return tiled_variants(row, latent_hopper_tiles, supports, make_plan);
}

}  // namespace stele::attention
