// gemm / hopper / scaled: its rows.
#include "kernels/gemm/hopper/plans.hpp"
#include "kernels/gemm/rows.hpp"

namespace stele::gemm {

std::vector<Variant> hopper_scaled_variants() {
    std::vector<Variant> out;
    for (const HopperTile& tile : hopper_scaled_tiles)
        out.push_back(hopper_variant(
            "scaled", text(tile), tile == hopper_scaled_tiles.front(),
            [tile](const DeviceInfo& device, const Shape& shape) {
                if (Support answer = hopper_takes(shape); !answer) return answer;
                if (shape.scale != Scale::block)
                    return Support::no(
                        "multiplies operands with block scales; gemm/hopper/clusters multiplies the others");
                return hopper_fits(device, tile.shared_bytes());
            },
            [tile](const DeviceInfo& device, const Shape& shape) { return hopper_scaled_plan(device, shape, tile); }));
    return out;
}

}  // namespace stele::gemm
