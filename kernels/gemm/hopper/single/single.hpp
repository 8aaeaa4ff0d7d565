// The tiles of single.
#pragma once

#include <array>
#include <cstddef>

#include "kernels/gemm/hopper/step_tile.hpp"

namespace stele::gemm {

inline constexpr std::array hopper_single_tiles{HopperStepTile{128, 128, 1}, HopperStepTile{64, 64, 1}};
template <std::size_t TILE>
inline constexpr HopperStepTile hopper_single_tile = hopper_single_tiles[TILE];

static_assert(hopper_legal<hopper_single_tiles>());

}  // namespace stele::gemm
