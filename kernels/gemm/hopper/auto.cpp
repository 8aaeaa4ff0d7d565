// gemm / hopper / auto: the tile of clusters, split or scaled that an estimate finds the fastest for the problem.
#include "kernels/gemm/hopper/choice.hpp"
#include "kernels/gemm/hopper/plans.hpp"
#include "kernels/gemm/rows.hpp"

namespace stele::gemm {
namespace {

Support fits_any(const DeviceInfo& device) {
    for (const HopperTile& tile : hopper_tiles)
        if (Support answer = hopper_fits(device, tile.shared_bytes()); !answer) return answer;
    return {};
}

/// The plan, and whose it is.
Plan ran_by(std::string_view rung, const auto& tile, Plan plan) {
    plan.ran = "gemm/hopper/" + std::string(rung) + ".ptx@" + text(tile);
    return plan;
}

Plan fastest(const DeviceInfo& device, const Shape& shape) {
    if (shape.scale == Scale::block) {
        const HopperTile tile = hopper_scaled_tiles.front();
        // Without K there are no scales, and both have this tile.
        return ran_by(shape.k == 0 ? "clusters" : "scaled", tile, hopper_scaled_plan(device, shape, tile));
    }
    const HopperChoice choice = choose_hopper(device, shape);
    if (const auto* split = std::get_if<HopperSplitTile>(&choice))
        return ran_by("split", *split, hopper_split_plan(shape, *split));
    const auto& tile = std::get<HopperTile>(choice);
    return ran_by("clusters", tile, hopper_plan(device, shape, tile));
}

}  // namespace

std::vector<Variant> hopper_auto_variants() {
    constexpr bool by_default = true;
    return {hopper_variant(
        "auto", "", by_default,
        [](const DeviceInfo& device, const Shape& shape) {
            if (Support answer = hopper_takes(shape); !answer) return answer;
            return fits_any(device);
        },
        fastest)};
}

}  // namespace stele::gemm
