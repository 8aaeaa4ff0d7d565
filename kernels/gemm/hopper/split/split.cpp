// gemm / hopper / split: its rows.
#include "kernels/gemm/hopper/plans.hpp"
#include "kernels/gemm/rows.hpp"

namespace stele::gemm {

std::vector<Variant> hopper_split_variants() {
    constexpr HopperSplitTile by_default = hopper_split_tiles[2];
    std::vector<Variant> out;
    const auto add = [&](const HopperSplitTile& tile) {
        out.push_back(hopper_variant(
            "split", text(tile), tile == by_default,
            [tile](const DeviceInfo& device, const Shape& shape) {
                if (Support answer = hopper_takes(shape); !answer) return answer;
                if (shape.scale == Scale::block)
                    return Support::no("keeps one sum over its part of K, which block scales do not have");
                return hopper_fits(device, tile.shared_bytes());
            },
            [tile](const DeviceInfo&, const Shape& shape) { return hopper_split_plan(shape, tile); }));
    };
    add(by_default);
    for (const HopperSplitTile& tile : hopper_split_tiles)
        if (tile != by_default) add(tile);
    return out;
}

}  // namespace stele::gemm
