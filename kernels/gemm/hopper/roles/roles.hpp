// The tiles of roles.
#pragma once

#include <array>
#include <cstddef>

#include "kernels/gemm/hopper/step_tile.hpp"

namespace stele::gemm {

inline constexpr std::array hopper_roles_tiles{HopperStepTile{128, 256, 2}, HopperStepTile{128, 128, 1}};
template <std::size_t TILE>
inline constexpr HopperStepTile hopper_roles_tile = hopper_roles_tiles[TILE];

static_assert(hopper_legal<hopper_roles_tiles>());

}  // namespace stele::gemm
