// What the tiles of the hopper family have in common. Each rung's own stand in its header.
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

/// Rows in 64s, as wgmma makes them; columns in 64s, as wide as a swizzled box of 16-bit elements, and at most wgmma's
/// 256; two stages or more; all within an SM's shared memory.
template <const auto& tiles>
constexpr bool hopper_legal() {
    for (const auto& tile : tiles)
        if (tile.block_m % wgmma_rows != 0 || tile.block_n % 64 != 0 || tile.block_n > 256 || tile.stages() < 2 ||
            tile.shared_bytes() > hopper_shared_bytes)
            return false;
    return true;
}

}  // namespace stele::gemm
