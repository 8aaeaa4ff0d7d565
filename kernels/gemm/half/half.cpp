// gemm / half: its rows.
#include "kernels/gemm/half/half.hpp"

#include <fmt/format.h>

#include "kernels/gemm/rows.hpp"
#include "kernels/tile_space.hpp"

namespace stele::gemm {
namespace {

/// NVIDIA's OpenCL (driver 580) takes arithmetic of half2 without cl_khr_fp16, but reads no single half and has no
/// as_half2.
bool has_half(const DeviceInfo& device) { return device.backend != "opencl" || device.has("f16"); }

Support takes(const DeviceInfo& device, const Shape& shape) {
    if (shape.dtype != Dtype::f16)
        return Support::no(fmt::format("multiplies and sums in f16, which {} is not", stele::name(shape.dtype)));
    if (!has_half(device)) return Support::no(fmt::format("{} does not compile `half` (cl_khr_fp16)", device.id));
    return takes_plain(shape);
}

KernelRow row_of(const HalfTile& tile) {
    KernelRow row;
    row.algorithm = "half";
    row.tile = text(tile);
    row.default_tile = tile == half_tiles.front();
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
    static const auto space = opencl_space();
    std::vector<Variant> out;
    for (const HalfTile& tile : half_tiles)
        for (Variant& variant : variants_of(row_of(tile))) {
            if (variant.language == Language::opencl) {
                variant.tile_space = space;
                // The large tile wants more registers than there are once clang has compiled it.
                variant.default_tile = tile == half_tiles.back();
            }
            out.push_back(std::move(variant));
        }
    return out;
}

}  // namespace stele::gemm
