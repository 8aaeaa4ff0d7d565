// The tiles of sparse_attention/tile.
#pragma once

#include "kernels/attention/tile/tile.hpp"

namespace stele::sparse_attention {

using attention::BlockTile;

/// The first is the default where it divides the mask's blocks.
inline constexpr std::array block_tiles{BlockTile{128, 128}, BlockTile{64, 64}};
static_assert(attention::are_powers_of_two(block_tiles), "CUDA Tile C++ has tiles whose extents are powers of two");

}  // namespace stele::sparse_attention
