// The tiles of lean.
#pragma once

#include <array>
#include <cstddef>

#include "kernels/gemm/hopper/tile.hpp"

namespace stele::gemm {

/// As HopperTile, with what may be tried at large problems: SLOTS through which a consumer's C leaves; EARLY: 1 where
/// the next tile's place is found under the last instructions of a tile; STREAM: 1 where all clusters share the last
/// wave's tiles along K (M. Osama et al., "Stream-K", PPoPP 2023).
struct HopperLeanTile {
    int block_m, block_n, cluster, slots, early, stream;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N", "CLUSTER", "SLOTS", "EARLY", "STREAM"};
    constexpr std::array<int, 6> values() const { return {block_m, block_n, cluster, slots, early, stream}; }
    constexpr bool operator==(const HopperLeanTile&) const = default;
    /// The kernel of a launch: clusters are a property of the launch.
    constexpr HopperLeanTile compiled() const { return {block_m, block_n, 1, slots, early, stream}; }

    constexpr int consumers() const { return block_m / wgmma_rows; }
    constexpr int threads() const { return 128 * (consumers() + 1); }
    constexpr int slots_bytes() const { return consumers() * slots * hopper_slot_bytes; }
    constexpr int stages() const {
        return (hopper_shared_bytes - slots_bytes()) / hopper_stage_bytes(block_m, block_n);
    }
    constexpr std::size_t shared_bytes() const {
        return static_cast<std::size_t>(stages() * hopper_stage_bytes(block_m, block_n) + slots_bytes());
    }
};

inline constexpr std::array hopper_lean_tiles{
    HopperLeanTile{128, 256, 1, 2, 1, 0}, HopperLeanTile{128, 256, 2, 2, 1, 0}, HopperLeanTile{128, 256, 1, 2, 0, 0},
    HopperLeanTile{128, 256, 1, 4, 1, 0}, HopperLeanTile{128, 256, 1, 2, 1, 1}, HopperLeanTile{128, 256, 2, 2, 1, 1}};

/// Those for which kernels are compiled.
inline constexpr std::array hopper_lean_kernels{
    HopperLeanTile{128, 256, 1, 2, 1, 0}, HopperLeanTile{128, 256, 1, 2, 0, 0}, HopperLeanTile{128, 256, 1, 4, 1, 0},
    HopperLeanTile{128, 256, 1, 2, 1, 1}};
template <std::size_t TILE>
inline constexpr HopperLeanTile hopper_lean_kernel = hopper_lean_kernels[TILE];

static_assert(hopper_legal<hopper_lean_tiles>());

}  // namespace stele::gemm
