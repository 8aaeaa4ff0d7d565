// gemm / hopper / clusters: its rows.
#include "kernels/gemm/hopper/plans.hpp"
#include "kernels/gemm/rows.hpp"

namespace stele::gemm {
namespace {

Support takes_unblocked(const Shape& shape) {
    if (Support answer = hopper_takes(shape); !answer) return answer;
    if (shape.scale == Scale::block)
        return Support::no("has no registers for sums between block scales in this tile: gemm/hopper/scaled has");
    return {};
}

}  // namespace

std::vector<Variant> hopper_clusters_variants() {
    std::vector<Variant> out;
    for (const HopperTile& tile : hopper_tiles)
        out.push_back(hopper_variant(
            "clusters", text(tile), tile == hopper_tiles.front(),
            [tile](const DeviceInfo& device, const Shape& shape) {
                if (Support answer = takes_unblocked(shape); !answer) return answer;
                return hopper_fits(device, tile.shared_bytes());
            },
            [tile](const DeviceInfo& device, const Shape& shape) { return hopper_plan(device, shape, tile); }));
    return out;
}

}  // namespace stele::gemm
