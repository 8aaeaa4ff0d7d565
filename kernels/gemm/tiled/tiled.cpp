// gemm / tiled: its rows.
#include "kernels/gemm/tiled/tiled.hpp"

#include "kernels/gemm/rows.hpp"

namespace stele::gemm {

std::vector<Variant> tiled_variants() {
    std::vector<Variant> out;
    for (const TiledTile& tile : tiled_tiles) {
        KernelRow row;
        row.algorithm = "tiled";
        row.tile = text(tile);
        row.default_tile = tile == tiled_tiles.front();
        row.threads = tile.threads();
        row.blocks = [tile](const Shape& shape) {
            return ceil_div(shape.m, tile.block_m) * ceil_div(shape.n, tile.block_n);
        };
        row.shared_bytes = [tile](const Shape& shape) {
            return tile.shared_bytes(size_of(shape.dtype), shape.b == LayoutB::kn);
        };
        row.definitions = definitions(tile);
        for (Variant& variant : variants_of(row)) out.push_back(std::move(variant));
    }
    return out;
}

}  // namespace stele::gemm
