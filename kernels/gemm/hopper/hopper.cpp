// gemm / hopper: its rows. `auto` takes the tile, or the sibling, that an estimate finds the fastest for the problem.
#include "kernels/gemm/hopper/choice.hpp"
#include "kernels/gemm/hopper/plans.hpp"
#include "kernels/gemm/rows.hpp"

namespace stele::gemm {
namespace {

Support takes_unblocked(const Shape& shape) {
    if (Support answer = hopper_takes(shape); !answer) return answer;
    if (shape.scale == Scale::block)
        return Support::no("has no registers for sums between block scales in this tile: gemm/hopper_scaled has");
    return {};
}

Support fits_any(const DeviceInfo& device) {
    for (const HopperTile& tile : hopper_tiles)
        if (Support answer = hopper_fits(device, tile.shared_bytes()); !answer) return answer;
    return {};
}

}  // namespace

std::vector<Variant> hopper_variants() {
    std::vector<Variant> out;
    out.push_back(hopper_variant(
        "hopper", "auto", true,
        [](const DeviceInfo& device, const Shape& shape) {
            if (Support answer = hopper_takes(shape); !answer) return answer;
            return fits_any(device);
        },
        [](const DeviceInfo& device, const Shape& shape) {
            if (shape.scale == Scale::block) return hopper_scaled_plan(device, shape, hopper_scaled_tiles.front());
            const HopperChoice choice = choose_hopper(device, shape);
            if (const auto* split = std::get_if<HopperSplitTile>(&choice)) return hopper_split_plan(shape, *split);
            return hopper_plan(device, shape, std::get<HopperTile>(choice));
        }));
    for (const HopperTile& tile : hopper_tiles)
        out.push_back(hopper_variant(
            "hopper", text(tile), false,
            [tile](const DeviceInfo& device, const Shape& shape) {
                if (Support answer = takes_unblocked(shape); !answer) return answer;
                return hopper_fits(device, tile.shared_bytes());
            },
            [tile](const DeviceInfo& device, const Shape& shape) { return hopper_plan(device, shape, tile); }));
    return out;
}

}  // namespace stele::gemm
