// The tile of the steps that lead to clusters: single, roles, persistent.
#pragma once

#include <array>
#include <cstddef>

#include "kernels/gemm/hopper/tile.hpp"

namespace stele::gemm {

/// CONSUMERS warpgroups own BLOCK_M × BLOCK_N together.
struct HopperStepTile {
    int block_m, block_n, consumers;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N", "CONSUMERS"};
    constexpr std::array<int, 3> values() const { return {block_m, block_n, consumers}; }
    constexpr bool operator==(const HopperStepTile&) const = default;

    /// single has no producer of its own.
    constexpr int threads(bool has_producer) const { return 128 * (consumers + (has_producer ? 1 : 0)); }
    static constexpr int stages() { return 4; }
    constexpr std::size_t shared_bytes() const {
        return static_cast<std::size_t>(stages() * hopper_stage_bytes(block_m, block_n));
    }
};

}  // namespace stele::gemm
