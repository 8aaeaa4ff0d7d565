// What the rows of sparse attention and its kernels must agree on.
#pragma once

#include "kernels/attention/tile.hpp"

namespace stele::sparse_attention {

// Sizes, tiles and pieces are dense attention's.
using namespace attention;

/// Those of dense attention.
inline constexpr std::array tiles = attention::tiles;
// A tile must lie in one mask block, of which there are two sizes.
static_assert([] {
    for (const Tile& tile : tiles)
        if (64 % tile.block_m != 0 || 64 % tile.block_n != 0) return false;
    return true;
}());

/// Key tiles that the PTX siblings have in flight: one is computed on while the next one is copied.
inline constexpr int stages_ptx = 2;

}  // namespace stele::sparse_attention
