// gemm / tiled: its rows.
#include "kernels/gemm/tiled/tiled.hpp"

#include <fmt/format.h>

#include "kernels/gemm/rows.hpp"
#include "kernels/tile_space.hpp"

namespace stele::gemm {
namespace {

/// f32, f16 and bf16, and of those batches and groups.
Support takes(const Shape& shape) {
    Shape one = shape;
    one.batch = 1;
    one.groups.clear();
    constexpr std::size_t most_in_z = 65535;
    if (shape.groups.size() > most_in_z) return Support::no(fmt::format("a launch takes at most {} groups", most_in_z));
    return takes_plain(one);
}

/// Blocks of one product, or of the largest group: those beyond a smaller one's rows leave at once.
std::int64_t blocks_of(const TiledTile& tile, const Shape& shape) {
    return ceil_div(shape.most_rows(), tile.block_m) * ceil_div(shape.n, tile.block_n);
}

KernelRow row_of(const TiledTile& tile) {
    KernelRow row;
    row.algorithm = "tiled";
    row.tile = text(tile);
    row.default_tile = tile == tiled_tiles.front();
    row.threads = tile.threads();
    row.blocks = [tile](const Shape& shape) { return blocks_of(tile, shape); };
    row.grid = [tile](const DeviceInfo&, const Shape& shape) -> Dim3 {
        return {static_cast<unsigned>(blocks_of(tile, shape)), 1, static_cast<unsigned>(shape.products())};
    };
    row.shared_bytes = [tile](const Shape&) { return tile.shared_bytes(); };
    row.takes = [](const DeviceInfo&, const Shape& shape) { return takes(shape); };
    row.definitions = definitions(tile);
    row.operands = [](const Shape& shape) -> std::vector<Operand> {
        return {TensorOperand{0}, TensorOperand{1}, row_begin_operand(shape), TensorOperand{index_of_c(shape)},
                extent(shape.m),  extent(shape.n),  extent(shape.k)};
    };
    return row;
}

/// OpenCL compiles at run time, so any legal tile can be had.
std::shared_ptr<const TileSpace> opencl_space() {
    const std::vector<int> blocks{32, 64, 128, 256};
    return make_tile_space<TiledTile>(
        {blocks, blocks, {8, 16, 32}, {4, 8, 16}, {4, 8, 16}}, [](const TiledTile& tile) { return why_illegal(tile); },
        [](const TiledTile& tile) {
            KernelRow row = row_of(tile);
            row.languages = {Language::opencl};
            return variants_of(row).front();
        });
}

}  // namespace

std::vector<Variant> tiled_variants() {
    const auto space = opencl_space();
    std::vector<Variant> out;
    for (const TiledTile& tile : tiled_tiles) {
        KernelRow row = row_of(tile);
        row.tile_space = space;
        for (Variant& variant : variants_of(row)) out.push_back(std::move(variant));
    }
    return out;
}

}  // namespace stele::gemm
