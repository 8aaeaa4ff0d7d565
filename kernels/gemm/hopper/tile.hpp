// The tiles of the hopper family, in numbers that kernels and plans share.
#pragma once

#include <array>
#include <cstddef>

#include "kernels/tile.hpp"

namespace stele::gemm {

/// Bytes of K in a stage of the pipeline: one row of the 128-byte swizzle.
inline constexpr int hopper_depth_bytes = 128;
/// Rows of C that one wgmma makes.
inline constexpr int wgmma_rows = 64;
/// A slot through which C leaves: 64 rows of 128 bytes. Each consumer has two, one being filled, one being stored.
inline constexpr int hopper_slot_bytes = 64 * 128, hopper_slots = 2;
/// What a block may have without the reserved kibibyte, less the barriers and their alignment.
inline constexpr int hopper_shared_bytes = 227 * 1024 - 1024;

constexpr int hopper_stage_bytes(int block_m, int block_n) { return (block_m + block_n) * hopper_depth_bytes; }

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

/// hopper_scaled: BLOCK_N is one block of scales, and a thread's registers hold two sums for each element.
inline constexpr std::array hopper_scaled_tiles{HopperTile{128, 128, 2}, HopperTile{128, 128, 1}};
inline constexpr std::array hopper_scaled_kernels{HopperTile{128, 128, 1}};
template <std::size_t TILE>
inline constexpr HopperTile hopper_scaled_tile = hopper_scaled_kernels[TILE];

/// hopper_split: the blocks of a cluster share the K of one tile.
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

/// The steps that lead to hopper: CONSUMERS warpgroups own BLOCK_M × BLOCK_N together.
struct HopperStepTile {
    int block_m, block_n, consumers;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N", "CONSUMERS"};
    constexpr std::array<int, 3> values() const { return {block_m, block_n, consumers}; }
    constexpr bool operator==(const HopperStepTile&) const = default;

    /// hopper_single has no producer of its own.
    constexpr int threads(bool has_producer) const { return 128 * (consumers + (has_producer ? 1 : 0)); }
    static constexpr int stages() { return 4; }
    constexpr std::size_t shared_bytes() const {
        return static_cast<std::size_t>(stages() * hopper_stage_bytes(block_m, block_n));
    }
};

inline constexpr std::array hopper_single_tiles{HopperStepTile{128, 128, 1}, HopperStepTile{64, 64, 1}};
inline constexpr std::array hopper_roles_tiles{HopperStepTile{128, 256, 2}, HopperStepTile{128, 128, 1}};
inline constexpr std::array hopper_persistent_tiles{HopperStepTile{128, 256, 2}};
template <std::size_t TILE>
inline constexpr HopperStepTile hopper_single_tile = hopper_single_tiles[TILE];
template <std::size_t TILE>
inline constexpr HopperStepTile hopper_roles_tile = hopper_roles_tiles[TILE];
template <std::size_t TILE>
inline constexpr HopperStepTile hopper_persistent_tile = hopper_persistent_tiles[TILE];

template <const auto& tiles>
constexpr bool hopper_legal() {
    for (const auto& tile : tiles)
        if (tile.block_m % wgmma_rows != 0 || tile.block_n % 64 != 0 || tile.block_n > 256 || tile.stages() < 2 ||
            tile.shared_bytes() > hopper_shared_bytes)
            return false;
    return true;
}
static_assert(
    hopper_legal<hopper_tiles>() && hopper_legal<hopper_scaled_tiles>() && hopper_legal<hopper_split_tiles>() &&
        hopper_legal<hopper_single_tiles>() && hopper_legal<hopper_roles_tiles>() &&
        hopper_legal<hopper_persistent_tiles>(),
    "a tile of the hopper family: rows in 64s, as wgmma makes them; columns in 64s, as wide as a swizzled box "
    "of 16-bit elements, and at most wgmma's 256; two stages or more; all within an SM's shared memory");

}  // namespace stele::gemm
