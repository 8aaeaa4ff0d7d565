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

    constexpr int threads() const { return (block_m / thread_m) * (block_n / thread_n); }
    /// Of both stages, with the padding of 16 bytes a row.
    constexpr std::size_t shared_bytes(std::size_t element_bytes, bool b_is_kn) const {
        const auto m = static_cast<std::size_t>(block_m), n = static_cast<std::size_t>(block_n);
        const auto k = static_cast<std::size_t>(block_k);
        const std::size_t a = m * (k * element_bytes + 16);
        return 2 * (a + (b_is_kn ? k * (n * element_bytes + 16) : n * (k * element_bytes + 16)));
    }
};

/// The first is the default.
inline constexpr std::array tiled_tiles{TiledTile{128, 128, 16, 8, 8}, TiledTile{64, 64, 16, 8, 4}};

/// The tile by its index, which is the kernels' template argument.
template <std::size_t TILE>
inline constexpr TiledTile tiled_tile = tiled_tiles[TILE];

constexpr bool legal(const TiledTile& tile) {
    const int pieces = 8 * tile.threads();
    return tile.block_m % tile.thread_m == 0 && tile.block_n % tile.thread_n == 0 &&
           tile.block_m * tile.block_k % pieces == 0 && tile.block_n * tile.block_k % pieces == 0 &&
           tile.block_k % 8 == 0 && tile.thread_n % 4 == 0 && tile.threads() <= 1024 &&
           tile.shared_bytes(4, false) <= 48 * 1024;
}
constexpr bool all_legal() {
    for (const TiledTile& tile : tiled_tiles)
        if (!legal(tile)) return false;
    return true;
}
static_assert(all_legal(),
              "a tile of gemm/tiled: threads divide the block; every thread copies the same number of 16-byte pieces, "
              "which are 8 elements of 2 bytes and do not cross a row; a thread's columns of [K,N] come in fours; at "
              "most 1024 threads; two stages of f32 fit into the 48 KiB that a kernel has without asking");

}  // namespace stele::gemm
