// gemm / half: its rows.
#include "kernels/gemm/half/half.hpp"

#include <ranges>

#include <fmt/format.h>

#include "kernels/gemm/rows.hpp"
#include "kernels/tile_space.hpp"

namespace stele::gemm {
namespace {

Support takes(const DeviceInfo& device, const Shape& shape) {
    if (shape.dtype != Dtype::f16)
        return Support::no(fmt::format("multiplies and sums in f16, which {} is not", stele::name(shape.dtype)));
    if (!device.has("f16")) return Support::no(fmt::format("{} does not compile `half` (cl_khr_fp16)", device.id));
    return takes_plain(shape);
}

KernelRow row_of(const HalfTile& tile) {
    KernelRow row;
    row.algorithm = "half";
    row.tile = text(tile);
    row.arithmetic.accumulate = Dtype::f16;
    row.arithmetic.promote_every = HalfTile::promote_every;
    row.threads = tile.threads();
    row.blocks = [tile](const Shape& shape) {
        return ceil_div(shape.m, tile.block_m) * ceil_div(shape.n, tile.block_n);
    };
    row.shared_bytes = [tile](const Shape&) { return tile.shared_bytes(); };
    row.takes = takes;
    row.definitions = definitions(tile);
    row.definitions.push_back(fmt::format("-DPROMOTE_EVERY={}", HalfTile::promote_every));
    return row;
}

/// OpenCL compiles at run time, so any legal tile can be had.
std::shared_ptr<const TileSpace> opencl_space() {
    const std::vector<int> blocks{32, 64, 128, 256};
    return make_tile_space<HalfTile>(
        {blocks, {64, 128, 256}, {16, 32}, {4, 8, 16}, {8, 16}}, [](const HalfTile& tile) { return why_illegal(tile); },
        [](const HalfTile& tile) {
            KernelRow row = row_of(tile);
            row.languages = {Language::opencl};
            return variants_of(row).front();
        });
}

}  // namespace

std::vector<Variant> half_variants() {
    std::vector<Variant> out;
    const auto add = [&](const HalfTile& tile, std::vector<Language> languages, const HalfTile& by_default) {
        KernelRow row = row_of(tile);
        row.languages = std::move(languages);
        row.default_tile = tile == by_default;
        for (Variant& variant : variants_of(row)) out.push_back(std::move(variant));
    };
    for (const HalfTile& tile : half_tiles) add(tile, {Language::cuda, Language::ptx}, half_tiles.front());
    // From the last to the first, as the large tile wants more registers than there are once clang has compiled it.
    const auto space = opencl_space();
    for (const HalfTile& tile : half_tiles | std::views::reverse) {
        add(tile, {Language::opencl}, half_tiles.back());
        out.back().tile_space = space;
    }
    return out;
}

}  // namespace stele::gemm
