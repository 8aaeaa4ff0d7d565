// Which kernel of the hopper family takes a problem, by an estimate of its time.
#pragma once

#include <variant>

#include "kernels/gemm/hopper/clusters/clusters.hpp"
#include "kernels/gemm/hopper/scaled/scaled.hpp"
#include "kernels/gemm/hopper/split/split.hpp"
#include "kernels/gemm/problem.hpp"

namespace stele::gemm {

using HopperChoice = std::variant<HopperTile, HopperSplitTile>;

/// Tiles that clusters of `cluster` blocks below each other take of all products.
std::int64_t hopper_tiles_of(const Shape& shape, int block_m, int block_n, int cluster);

/// The cheapest of hopper_tiles and hopper_split_tiles. Problems with block scales take one of hopper_scaled_tiles.
HopperChoice choose_hopper(const DeviceInfo& device, const Shape& shape);

}  // namespace stele::gemm
