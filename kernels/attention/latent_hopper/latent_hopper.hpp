// The tiles of latent_hopper.
#pragma once

#include <array>
#include <cstddef>

#include "kernels/attention/tile.hpp"

namespace stele::attention {

/// A block owns block_m packed rows, those of one wgmma, and takes block_n keys at a time, as many as a row of 128
/// bytes has weights. Two tiles of keys are on their way or in use, and two consumers share O's columns.
struct LatentHopperTile {
    int block_m, block_n;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N"};
    constexpr std::array<int, 2> values() const { return {block_m, block_n}; }
    constexpr bool operator==(const LatentHopperTile&) const = default;

    static constexpr int stages = 2, consumers = 2;
    /// The producer's warpgroup first.
    static constexpr int threads = (consumers + 1) * 128;
    /// Q, and the stages of keys, which are the values too, and whose last 64 columns make room for weights.
    constexpr std::size_t shared_bytes() const {
        return static_cast<std::size_t>((block_m + stages * block_n) * latent_head_dim * 2);
    }
};

inline constexpr std::array latent_hopper_tiles{LatentHopperTile{64, 64}};

}  // namespace stele::attention
