// The tiles of half, once for all languages.
#pragma once

#include <array>
#include <cstddef>

#include "kernels/tile.hpp"

namespace stele::gemm {

/// A block owns BLOCK_M × BLOCK_N of C and takes BLOCK_K of K at a time; a thread owns THREAD_M × THREAD_N of it.
struct HalfTile {
    int block_m, block_n, block_k, thread_m, thread_n;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N", "BLOCK_K", "THREAD_M", "THREAD_N"};
    constexpr std::array<int, 5> values() const { return {block_m, block_n, block_k, thread_m, thread_n}; }
    constexpr bool operator==(const HalfTile&) const = default;

    /// A warp is this many threads high and wide.
    static constexpr int lanes_m = 4, lanes_n = 8;
    /// Products summed in f16 before f32 takes over.
    static constexpr int promote_every = 32;

    constexpr int threads() const { return (block_m / thread_m) * (block_n / thread_n); }
    /// Of both stages: 4-byte words of two numbers, with the padding of four a row.
    constexpr std::size_t shared_bytes() const {
        const int a = block_k / 2 * (block_m + 4), b = block_k * (block_n / 2 + 4);
        return std::size_t{2} * 4 * static_cast<std::size_t>(a + b);
    }
};

/// The constraint that a tile breaks; empty if it is legal. Shared memory is the device's to judge.
constexpr const char* why_illegal(const HalfTile& tile) {
    if (tile.thread_m % 4 != 0 || tile.thread_n % 8 != 0) return "a thread's rows come in fours, its columns in eights";
    if (tile.block_m % (HalfTile::lanes_m * tile.thread_m) != 0 ||
        tile.block_n % (HalfTile::lanes_n * tile.thread_n) != 0)
        return "warps, of 4 x 8 threads, must divide the block";
    if (tile.block_m % 32 != 0 || tile.block_n % 64 != 0)
        return "a row of a shared tile must be a multiple of 32 words, which its padding then shifts by four banks";
    if (tile.block_k % 16 != 0 || HalfTile::promote_every % tile.block_k != 0)
        return "sums are promoted every 32 of K: BLOCK_K must be 16 or 32";
    if (tile.threads() > 1024) return "a block has at most 1024 threads";
    if (tile.thread_m * tile.thread_n > 128) return "a thread keeps at most 128 sums in registers";
    if (2 * tile.block_m % tile.threads() != 0 || 2 * tile.threads() % tile.block_n != 0 ||
        tile.block_k * tile.block_n % (16 * tile.threads()) != 0)
        return "every thread must copy as many eights as the others: of A in 16 of K, of two columns of B in BLOCK_K";
    return "";
}

/// The first is the default.
inline constexpr std::array half_tiles{HalfTile{128, 256, 16, 8, 16}, HalfTile{64, 128, 32, 8, 8}};

/// The tile by its index, which is the kernels' template argument.
template <std::size_t TILE>
inline constexpr HalfTile half_tile = half_tiles[TILE];

constexpr bool all_half_tiles_legal() {
    for (const HalfTile& tile : half_tiles)
        if (*why_illegal(tile) != '\0' || tile.shared_bytes() > 48 * 1024) return false;
    return true;
}
static_assert(all_half_tiles_legal(),
              "a tile of gemm/half: why_illegal() says what it must be, and two stages fit into the 48 KiB that a "
              "kernel has without asking");

}  // namespace stele::gemm
