// The tiles of clusters.
#pragma once

#include <array>
#include <cstddef>

#include "kernels/gemm/hopper/tile.hpp"

namespace stele::gemm {

/// A block (of a cluster of CLUSTER along M) owns BLOCK_M × BLOCK_N of C at a time; each 64 rows have a warpgroup.
struct HopperTile {
    int block_m, block_n, cluster;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N", "CLUSTER"};
    constexpr std::array<int, 3> values() const { return {block_m, block_n, cluster}; }
    constexpr bool operator==(const HopperTile&) const = default;

    constexpr int consumers() const { return block_m / wgmma_rows; }
    /// Of the consumers and of the producer's warpgroup.
    constexpr int threads() const { return 128 * (consumers() + 1); }
    /// As many as shared memory holds beside C's slots.
    constexpr int stages() const {
        return (hopper_shared_bytes - consumers() * hopper_slots * hopper_slot_bytes) /
               hopper_stage_bytes(block_m, block_n);
    }
    constexpr std::size_t shared_bytes() const {
        return static_cast<std::size_t>(stages() * hopper_stage_bytes(block_m, block_n) +
                                        consumers() * hopper_slots * hopper_slot_bytes);
    }
};

/// The first is the default of large problems. Clusters are a property of the launch: tiles that differ only there
/// share their kernel.
inline constexpr std::array hopper_tiles{HopperTile{128, 256, 2}, HopperTile{128, 256, 1}, HopperTile{128, 128, 2},
                                         HopperTile{128, 128, 1}};

/// Those for which kernels are compiled.
inline constexpr std::array hopper_kernels{HopperTile{128, 256, 1}, HopperTile{128, 128, 1}};
template <std::size_t TILE>
inline constexpr HopperTile hopper_kernel = hopper_kernels[TILE];

static_assert(hopper_legal<hopper_tiles>());

}  // namespace stele::gemm
