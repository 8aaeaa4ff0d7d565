// The tiles of split.
#pragma once

#include <array>
#include <cstddef>

#include "kernels/gemm/hopper/tile.hpp"

namespace stele::gemm {

/// The blocks of a cluster share the K of one tile.
struct HopperSplitTile {
    int block_m, block_n, splits;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N", "SPLITS"};
    constexpr std::array<int, 3> values() const { return {block_m, block_n, splits}; }
    constexpr bool operator==(const HopperSplitTile&) const = default;

    constexpr int consumers() const { return block_m / wgmma_rows; }
    /// Of the consumers, and one warp that loads.
    constexpr int threads() const { return 128 * consumers() + 32; }
    /// As many as let two blocks share an SM.
    constexpr int stages() const { return (hopper_shared_bytes - 2048) / 2 / hopper_stage_bytes(block_m, block_n); }
    constexpr std::size_t shared_bytes() const {
        return static_cast<std::size_t>(stages() * hopper_stage_bytes(block_m, block_n));
    }
};

inline constexpr std::array hopper_split_tiles{HopperSplitTile{64, 128, 1},  HopperSplitTile{64, 128, 2},
                                               HopperSplitTile{64, 128, 4},  HopperSplitTile{64, 128, 8},
                                               HopperSplitTile{128, 128, 1}, HopperSplitTile{128, 128, 2},
                                               HopperSplitTile{128, 128, 4}, HopperSplitTile{128, 128, 8}};
inline constexpr std::array hopper_split_kernels{HopperSplitTile{64, 128, 1}, HopperSplitTile{128, 128, 1}};
template <std::size_t TILE>
inline constexpr HopperSplitTile hopper_split_kernel = hopper_split_kernels[TILE];

static_assert(hopper_legal<hopper_split_tiles>());

}  // namespace stele::gemm
