// The tiles of attention/tile.
#pragma once

#include <array>
#include <bit>

namespace stele::attention {

/// A block owns BLOCK_M packed query rows and takes BLOCK_N keys at a time.
struct BlockTile {
    int block_m, block_n;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N"};
    constexpr std::array<int, 2> values() const { return {block_m, block_n}; }
    constexpr bool operator==(const BlockTile&) const = default;
};

/// The first is the default. The last is for decoding, where few rows read each key.
inline constexpr std::array block_tiles{BlockTile{128, 128}, BlockTile{128, 64}, BlockTile{16, 128}};

/// Rows of O that a block of the kernel that puts parts together owns.
inline constexpr int combined_rows = 8;

constexpr bool are_powers_of_two(const auto& tiles) {
    for (const BlockTile& tile : tiles)
        for (int extent : tile.values())
            if (!std::has_single_bit(static_cast<unsigned>(extent))) return false;
    return true;
}
static_assert(are_powers_of_two(block_tiles), "CUDA Tile C++ has tiles whose extents are powers of two");

}  // namespace stele::attention
