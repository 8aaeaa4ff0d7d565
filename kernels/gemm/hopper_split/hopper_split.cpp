// gemm / hopper_split: its rows.
#include "kernels/gemm/hopper/plans.hpp"
#include "kernels/gemm/rows.hpp"

namespace stele::gemm {

std::vector<Variant> hopper_split_variants() {
    std::vector<Variant> out;
    for (const HopperSplitTile& tile : hopper_split_tiles)
        out.push_back(hopper_variant(
            "hopper_split", text(tile), tile == hopper_split_tiles[2],
            [tile](const DeviceInfo& device, const Shape& shape) {
                if (Support answer = hopper_takes(shape); !answer) return answer;
                if (shape.scale == Scale::block)
                    return Support::no("keeps one sum over its part of K, which block scales do not have");
                return hopper_fits(device, tile.shared_bytes());
            },
            [tile](const DeviceInfo&, const Shape& shape) { return hopper_split_plan(shape, tile); }));
    return out;
}

}  // namespace stele::gemm
