// The tiles of flash_stream.
#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace stele::attention {

/// A block, which is one work-item, owns block_m packed rows and converts block_n keys and values at a time.
struct StreamTile {
    int block_m, block_n;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N"};
    constexpr std::array<int, 2> values() const { return {block_m, block_n}; }
    constexpr bool operator==(const StreamTile&) const = default;

    /// Rows of Q and of O's sums, keys, values and the weights of two rows: all f32. And four numbers a row.
    constexpr std::size_t local_bytes(int head_dim) const {
        return sizeof(float) * static_cast<std::size_t>(2 * (block_m + block_n) * head_dim + 2 * block_n + 4 * block_m);
    }
};

/// The first that a device has room for is its default. Keys and values of the first are 16 KiB at head_dim 128, half
/// of a first-level cache; the other is for devices with 64 KiB of local memory.
inline constexpr std::array stream_tiles{StreamTile{16, 16}, StreamTile{4, 16}};
static_assert(stream_tiles[1].local_bytes(256) <= 64 * 1024);

/// Empty, or the constraint that the tile breaks.
std::string why_illegal(const StreamTile& tile);

}  // namespace stele::attention
