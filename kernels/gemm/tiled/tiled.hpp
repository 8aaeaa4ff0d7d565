// The tiles of tiled, once for all languages.
#pragma once

#include <array>
#include <cstddef>

#include "kernels/tile.hpp"

namespace stele::gemm {

/// A block owns BLOCK_M × BLOCK_N of C and takes BLOCK_K of K at a time; a thread owns THREAD_M × THREAD_N of it.
struct TiledTile {
    int block_m, block_n, block_k, thread_m, thread_n;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N", "BLOCK_K", "THREAD_M", "THREAD_N"};
    constexpr std::array<int, 5> values() const { return {block_m, block_n, block_k, thread_m, thread_n}; }
    constexpr bool operator==(const TiledTile&) const = default;

    /// A warp is this many threads high and wide.
    static constexpr int lanes_m = 4, lanes_n = 8;

    constexpr int threads() const { return (block_m / thread_m) * (block_n / thread_n); }
    /// Of both stages, f32 with the padding of four a row.
    constexpr std::size_t shared_bytes() const {
        return sizeof(float) * 2 * static_cast<std::size_t>(block_k) * static_cast<std::size_t>(block_m + block_n + 8);
    }
};

/// The constraint that a tile breaks; empty if it is legal. Shared memory is the device's to judge.
constexpr const char* why_illegal(const TiledTile& tile) {
    if (tile.thread_m % 4 != 0 || tile.thread_n % 4 != 0) return "a thread's rows and columns come in fours";
    if (tile.block_m % (TiledTile::lanes_m * tile.thread_m) != 0 ||
        tile.block_n % (TiledTile::lanes_n * tile.thread_n) != 0)
        return "warps, of 4 x 8 threads, must divide the block";
    if (tile.block_m % 32 != 0 || tile.block_n % 32 != 0)
        return "a row of a shared tile must be a multiple of 32 numbers, which its padding then shifts by four banks";
    if (tile.block_k % 8 != 0) return "rows of A are copied in pairs of four numbers: BLOCK_K must be a multiple of 8";
    if (tile.threads() > 1024) return "a block has at most 1024 threads";
    if (tile.thread_m * tile.thread_n > 128) return "a thread keeps at most 128 sums in registers";
    const int fours = 4 * tile.threads();
    if (8 * tile.block_m % fours != 0 || 8 * tile.block_n % fours != 0 || tile.block_k * tile.block_n % fours != 0)
        return "every thread must copy as many fours as the others, of A and B in eight of K, of B in BLOCK_K";
    return "";
}

/// The first is the default.
inline constexpr std::array tiled_tiles{TiledTile{128, 256, 8, 8, 16}, TiledTile{128, 64, 8, 8, 8},
                                        TiledTile{64, 64, 16, 8, 4}};

/// The tile by its index, which is the kernels' template argument.
template <std::size_t TILE>
inline constexpr TiledTile tiled_tile = tiled_tiles[TILE];

constexpr bool all_legal() {
    for (const TiledTile& tile : tiled_tiles)
        if (*why_illegal(tile) != '\0' || tile.shared_bytes() > 48 * 1024) return false;
    return true;
}
static_assert(all_legal(),
              "a tile of gemm/tiled: why_illegal() says what it must be, and two stages fit into the 48 KiB that a "
              "kernel has without asking");

}  // namespace stele::gemm
