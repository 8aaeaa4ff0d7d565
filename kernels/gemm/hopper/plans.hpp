// Plans of the hopper family, and what their variants have in common.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "kernels/gemm/hopper/clusters/clusters.hpp"
#include "kernels/gemm/hopper/scaled/scaled.hpp"
#include "kernels/gemm/hopper/split/split.hpp"
#include "kernels/gemm/hopper/step_tile.hpp"
#include "kernels/gemm/problem.hpp"

namespace stele::gemm {

Plan hopper_plan(const DeviceInfo& device, const Shape& shape, const HopperTile& tile);
/// The same for block scales.
Plan hopper_scaled_plan(const DeviceInfo& device, const Shape& shape, const HopperTile& tile);
/// A cluster gets no more blocks than K has stages.
Plan hopper_split_plan(const Shape& shape, const HopperSplitTile& tile);

/// What every kernel of the family asks: an element that wgmma takes, and launches within a device's limits.
Support hopper_takes(const Shape& shape);
/// What the steps and lean take: they are for what they differ in, and no operand is laid out again for them.
Support hopper_step_takes(const Shape& shape);
/// Room for the tile's shared memory?
Support hopper_fits(const DeviceInfo& device, std::size_t shared_bytes);

/// A PTX row of the family for sm_90a; `rung` is "clusters".
Variant hopper_variant(std::string rung, std::string tile, bool default_tile,
                       std::function<Support(const DeviceInfo&, const Shape&)> takes,
                       std::function<Plan(const DeviceInfo&, const Shape&)> plan);

/// The rows of a step that leads to clusters. A persistent step has a block an SM, the others one a tile.
std::vector<Variant> hopper_step_variants(const std::string& rung, std::span<const HopperStepTile> tiles,
                                          bool has_producer, bool persistent);

}  // namespace stele::gemm
