// gemm / tiled: its rows.
#include "kernels/gemm/tiled/tiled.hpp"

#include "kernels/gemm/rows.hpp"
#include "kernels/tile_space.hpp"

namespace stele::gemm {
namespace {

KernelRow row_of(const TiledTile& tile) {
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
    return row;
}

/// The constraint that a tile breaks, if it does. Shared memory is the device's to judge.
const char* why_illegal(const TiledTile& tile) {
    if (tile.block_m % tile.thread_m != 0 || tile.block_n % tile.thread_n != 0) return "threads must divide the block";
    if (tile.thread_n % 4 != 0) return "a thread's columns of [K,N] come in fours: THREAD_N must be a multiple of 4";
    if (tile.block_n % 8 != 0 || tile.block_k % 8 != 0)
        return "rows are whole 16-byte pieces: of 8 elements, of 2 bytes";
    if (tile.threads() > 1024) return "a block has at most 1024 threads";
    if (tile.thread_m * tile.thread_n > 128) return "a thread keeps at most 128 sums in registers";
    const int pieces = 8 * tile.threads();
    if (tile.block_m * tile.block_k % pieces != 0 || tile.block_n * tile.block_k % pieces != 0)
        return "every thread must copy the same number of 16-byte pieces of A, and of B";
    return "";
}

/// OpenCL compiles at run time, so any legal tile can be had.
std::shared_ptr<const TileSpace> opencl_space() {
    const std::vector<int> blocks{8, 16, 32, 64, 128, 256};
    return make_tile_space<TiledTile>({blocks, blocks, {8, 16, 32, 64}, {1, 2, 4, 8, 16}, {4, 8, 16}}, why_illegal,
                                      [](const TiledTile& tile) {
                                          KernelRow row = row_of(tile);
                                          row.languages = {Language::opencl};
                                          return variants_of(row).front();
                                      });
}

}  // namespace

std::vector<Variant> tiled_variants() {
    static const auto space = opencl_space();
    std::vector<Variant> out;
    for (const TiledTile& tile : tiled_tiles)
        for (Variant& variant : variants_of(row_of(tile))) {
            if (variant.language == Language::opencl) variant.tile_space = space;
            out.push_back(std::move(variant));
        }
    return out;
}

}  // namespace stele::gemm
