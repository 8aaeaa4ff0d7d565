// The tiles of flash_split, once for all languages.
#pragma once

#include <algorithm>

#include "kernels/attention/tile.hpp"

namespace stele::attention {

/// A block owns block_m packed rows. Each of its `warps` walks over keys of its own, block_n at a time, with threads_n
/// threads a row: a warp is a small block of the kernels that share a key tile.
struct SplitTile {
    int block_m, block_n, threads_n, warps;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N", "THREADS_N", "WARPS"};
    constexpr std::array<int, 4> values() const { return {block_m, block_n, threads_n, warps}; }
    constexpr bool operator==(const SplitTile&) const = default;

    /// 256 columns of O are 16 threads' work, and their registers are then enough for 16 keys at a time, not for 32.
    constexpr bool takes_head_dim(int head_dim) const { return (block_n == 16 && threads_n == 16) == (head_dim > 128); }

    constexpr Tile of_warp() const { return {block_m, block_n, threads_n}; }
    constexpr int num_threads() const { return warps * of_warp().num_threads(); }
    /// Keys that a block takes at a time.
    constexpr int step() const { return warps * block_n; }

    /// Q in f32 and two integers a row, for all warps.
    constexpr std::size_t query_bytes(int head_dim) const {
        return static_cast<std::size_t>(4 * block_m * (of_warp().query_stride(head_dim) + 2));
    }
    /// A warp's keys and values as stored, and its weights in f32. At the end its sums lie in the place of keys and
    /// values, its rows' maxima and sums in that of the weights.
    constexpr std::size_t warp_bytes(int head_dim, std::size_t element_bytes) const {
        return of_warp().shared_bytes(head_dim, element_bytes, 1) - query_bytes(head_dim);
    }
    constexpr std::size_t shared_bytes(int head_dim, std::size_t element_bytes) const {
        return query_bytes(head_dim) + static_cast<std::size_t>(warps) * warp_bytes(head_dim, element_bytes);
    }
    /// Of the OpenCL kernel: also the row maxima that threads exchange.
    constexpr std::size_t local_bytes(int head_dim, std::size_t element_bytes) const {
        return shared_bytes(head_dim, element_bytes) + static_cast<std::size_t>(4 * warps * block_m * threads_n);
    }
};

/// A warp's sums lie where its keys and values were.
constexpr bool takes(const SplitTile& tile, int head_dim, std::size_t element_bytes) {
    return 4 * tile.block_m * head_dim <=
           2 * tile.block_n * tile.of_warp().key_stride(head_dim, element_bytes) * static_cast<int>(element_bytes);
}

/// The first that a device has room for is its default. The first is for groups of up to 8 heads; the second for 16,
/// and for the 48 KB that OpenCL has on NVIDIA; the others are for head_dim 256, the last again for 48 KB.
inline constexpr std::array split_tiles{SplitTile{8, 32, 16, 4}, SplitTile{16, 16, 8, 2}, SplitTile{8, 16, 16, 4},
                                        SplitTile{8, 16, 16, 1}};
static_assert(split_tiles[1].local_bytes(128, 4) <= 48 * 1024 && split_tiles[3].local_bytes(256, 4) <= 48 * 1024);

constexpr bool legal(const SplitTile& tile) {
    return tile.of_warp().num_threads() == 32 && tile.num_threads() <= 1024 && takes(tile, 64, 2);
}
static_assert(std::ranges::all_of(split_tiles, legal),
              "a tile of attention/flash_split: a warp's threads share its rows, and its sums fit where its keys and "
              "values were");

}  // namespace stele::attention
