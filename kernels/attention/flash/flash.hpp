// What flash's rows and its kernels must agree on.
#pragma once

#include "kernels/attention/tile.hpp"

namespace stele::attention {

/// The tall one is for prefill: of fewer packed rows than 128 most of its work would be lost.
inline constexpr Tile tall_tile{128, 64, 16};
inline constexpr std::array flash_tiles{tiles[0], tiles[1], wide_tiles[0], wide_tiles[1], tall_tile};

/// Tiles of keys in f32 in flash.ptx.cu: one is computed on while the next one is copied; in 16 bits that lands beside.
template <std::size_t element_bytes>
inline constexpr int flash_ptx_stages = element_bytes == 4 ? 2 : 1;

/// Shared memory of flash.cu: keys and values are kept in f32.
constexpr std::size_t flash_bytes(const Tile& tile, int head_dim, int stages = 1) {
    return tile.shared_bytes(head_dim, 4, stages);
}
/// Of flash.ptx.cu: and K and V as they land, where they are to be widened.
constexpr std::size_t flash_ptx_bytes(const Tile& tile, int head_dim, std::size_t element_bytes) {
    if (element_bytes == 4) return flash_bytes(tile, head_dim, flash_ptx_stages<4>);
    const auto landing = static_cast<std::size_t>(2 * tile.block_n * tile.key_stride(head_dim, element_bytes));
    return flash_bytes(tile, head_dim) + landing * element_bytes;
}

}  // namespace stele::attention
