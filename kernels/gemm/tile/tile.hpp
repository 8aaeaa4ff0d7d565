// The tiles of gemm/tile.
#pragma once

#include <array>
#include <bit>
#include <cstddef>

#include "kernels/tensor.hpp"

namespace stele::gemm {

/// A block owns BLOCK_M × BLOCK_N of C and takes BLOCK_K of K at a time. BLOCK_K counts elements of 16 bits: others
/// take as many bytes of K. How many threads do it, and how far ahead they load, is the compiler's choice.
struct BlockTile {
    int block_m, block_n, block_k;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N", "BLOCK_K"};
    constexpr std::array<int, 3> values() const { return {block_m, block_n, block_k}; }
    constexpr bool operator==(const BlockTile&) const = default;
};

/// Of f32 the matrix units take no part, and in larger tiles the compiler runs out of registers.
inline constexpr BlockTile f32_tile{64, 64, 32};
/// The first is the default.
inline constexpr std::array block_tiles{BlockTile{128, 128, 64}, BlockTile{128, 256, 64}, BlockTile{64, 128, 64},
                                        f32_tile};
/// The compiler keeps the sums of e4m3 twice, as they are promoted on the way: 256 columns have no room for that.
constexpr bool takes(const BlockTile& tile, Dtype dtype) {
    return (dtype == Dtype::f32) == (tile == f32_tile) && !(dtype == Dtype::e4m3 && tile.block_n > 128);
}
/// Of 8 bits a step along K is then one block of scales, and the tile's columns have one scale of B in it.
constexpr bool takes_block_scales(const BlockTile& tile) { return tile.block_n == 128 && tile.block_k == 64; }
/// The one tile for rows that 16 bytes do not divide, which are loaded element by element.
constexpr BlockTile tile_of_any_rows(Dtype dtype) { return dtype == Dtype::f32 ? f32_tile : block_tiles.front(); }

template <Dtype dtype>
inline constexpr bool has_8_bits = dtype == Dtype::e4m3 || dtype == Dtype::s8;

constexpr bool are_powers_of_two(const auto& tiles) {
    for (const BlockTile& tile : tiles)
        for (int extent : tile.values())
            if (!std::has_single_bit(static_cast<unsigned>(extent))) return false;
    return true;
}
static_assert(are_powers_of_two(block_tiles), "CUDA Tile C++ has tiles whose extents are powers of two");

/// The tile by its index, which is the kernels' template argument.
template <std::size_t TILE>
inline constexpr BlockTile block_tile = block_tiles[TILE];

}  // namespace stele::gemm
