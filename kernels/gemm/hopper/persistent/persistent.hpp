// The tiles of persistent.
#pragma once

#include <array>
#include <cstddef>

#include "kernels/gemm/hopper/step_tile.hpp"

namespace stele::gemm {

inline constexpr std::array hopper_persistent_tiles{HopperStepTile{128, 256, 2}};
template <std::size_t TILE>
inline constexpr HopperStepTile hopper_persistent_tile = hopper_persistent_tiles[TILE];

static_assert(hopper_legal<hopper_persistent_tiles>());

}  // namespace stele::gemm
