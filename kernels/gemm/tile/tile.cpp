// gemm / tile: its rows.
#include "kernels/gemm/tile/tile.hpp"

#include <fmt/format.h>

#include "kernels/gemm/rows.hpp"
#include "kernels/source.hpp"
#include "kernels/tile.hpp"

namespace stele::gemm {
namespace {

/// 16 bytes divide the rows of A, B and C: what TMA wants, and what the kernel may then promise the compiler.
bool has_aligned_rows(const Shape& shape) {
    const auto vector = static_cast<std::int64_t>(16 / size_of(shape.dtype));
    return shape.n % vector == 0 && shape.k % vector == 0;
}

Support takes(const BlockTile& tile, const Shape& shape) {
    if (!shape.groups.empty()) return Support::no("multiplies by one B, not by a group's");
    Shape single = shape;
    single.batch = 1;
    if (Support answer = takes_plain(single); !answer) return answer;
    if (!gemm::takes(tile, shape.dtype))
        return Support::no(fmt::format("f32 takes more registers than this tile leaves: give @{}", text(f32_tile)));
    if (const BlockTile any = tile_of_any_rows(shape.dtype); tile != any && !has_aligned_rows(shape))
        return Support::no(fmt::format("16 bytes do not divide the rows: give @{}", text(any)));
    return {};
}

/// The kernel that knows of the rows, where they are so.
Plan with_known_rows(Plan plan, const Shape& shape) {
    const std::string instance = plan.kernels[0].instance + " aligned";
    if (has_aligned_rows(shape))
        plan.kernels[0] = kernel_source(Language::cuda_tile, "gemm/tile", "gemm_tile", instance);
    return plan;
}

}  // namespace

std::vector<Variant> tile_variants() {
    std::vector<Variant> out;
    for (const BlockTile& tile : block_tiles) {
        KernelRow row;
        row.algorithm = "tile";
        row.tile = text(tile);
        row.default_tile = tile == block_tiles.front();
        row.languages = {Language::cuda_tile};
        row.architectures = {"sm_80", "sm_90a", "sm_100", "sm_120"};
        // A launch counts blocks; of threads the compiler decides.
        row.threads = 1;
        row.blocks = [tile](const Shape& shape) {
            return ceil_div(shape.m, tile.block_m) * ceil_div(shape.n, tile.block_n);
        };
        row.takes = [tile](const DeviceInfo&, const Shape& shape) { return takes(tile, shape); };
        row.completed = [](Plan plan, const DeviceInfo&, const Shape& shape) {
            return with_known_rows(std::move(plan), shape);
        };
        for (Variant& variant : variants_of(row)) out.push_back(std::move(variant));
    }
    return out;
}

}  // namespace stele::gemm
