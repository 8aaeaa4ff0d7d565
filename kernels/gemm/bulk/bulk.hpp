// What bulk adds to the tiles of tensor: a warp that copies, and barriers.
#pragma once

#include "kernels/gemm/tensor/tensor.hpp"
#include "kernels/tensor.hpp"

namespace stele::gemm {

/// The first is the default. Nine warps leave each thread 168 registers, three of them sharing a quarter of an SM: with
/// 64 × 64 of C a warp that is enough for f16 only, whose fragments take the fewest instructions to load.
inline constexpr std::array bulk_tiles{TensorTile{128, 192, 64, 64, 48, 3}, TensorTile{128, 256, 64, 64, 64, 3}};
constexpr bool bulk_takes(const TensorTile& tile, Dtype dtype) { return tile == bulk_tiles[0] || dtype == Dtype::f16; }
template <std::size_t TILE>
inline constexpr TensorTile bulk_tile = bulk_tiles[TILE];

template <TensorTile tile>
inline constexpr int bulk_threads = tile.threads() + 32;

/// Two barriers a stage, of 8 bytes, behind the stages.
constexpr std::size_t bulk_barrier_bytes(const TensorTile& tile) { return static_cast<std::size_t>(tile.stages) * 16; }

}  // namespace stele::gemm
