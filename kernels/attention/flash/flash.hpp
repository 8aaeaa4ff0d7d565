// What flash's rows and its kernels must agree on.
#pragma once

#include "kernels/attention/tile.hpp"

namespace stele::attention {

inline constexpr std::array flash_tiles{tiles[0], tiles[1], wide_tiles[0], wide_tiles[1]};

/// Key tiles that flash.ptx.cu has in flight: one is computed on while the next one is copied.
inline constexpr int stages_ptx = 2;

}  // namespace stele::attention
