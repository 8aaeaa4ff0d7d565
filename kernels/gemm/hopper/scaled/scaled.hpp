// The tiles of scaled.
#pragma once

#include <array>
#include <cstddef>

#include "kernels/gemm/hopper/clusters/clusters.hpp"

namespace stele::gemm {

/// BLOCK_N is one block of scales, and a thread's registers hold two sums for each element.
inline constexpr std::array hopper_scaled_tiles{HopperTile{128, 128, 2}, HopperTile{128, 128, 1}};
inline constexpr std::array hopper_scaled_kernels{HopperTile{128, 128, 1}};
template <std::size_t TILE>
inline constexpr HopperTile hopper_scaled_tile = hopper_scaled_kernels[TILE];

static_assert(hopper_legal<hopper_scaled_tiles>());

}  // namespace stele::gemm
