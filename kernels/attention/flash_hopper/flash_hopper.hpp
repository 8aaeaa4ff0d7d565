// The tiles of flash_hopper.
#pragma once

#include <array>
#include <cstddef>

namespace stele::attention {

/// A block owns 64 query rows of a head for each of its consumers, and walks over the keys block_n at a time; two
/// stages of K and two of V are on their way or in use.
struct HopperTile {
    int consumers, block_n;

    static constexpr std::array names{"CONSUMERS", "BLOCK_N"};
    constexpr std::array<int, 2> values() const { return {consumers, block_n}; }
    constexpr bool operator==(const HopperTile&) const = default;

    constexpr bool takes_head_dim(int head_dim) const {
        return head_dim == 256 ? block_n == 64 : block_n != 64 && (consumers == 2 || head_dim == 64);
    }
    constexpr int block_m() const { return consumers * 64; }
    /// The producer's warpgroup first.
    constexpr int threads() const { return (consumers + 1) * 128; }
    /// O in 16 bits lies in Q's place at the end; of 8-bit V there are two tiles a stage, as it came and transposed.
    constexpr std::size_t shared_bytes(int head_dim, std::size_t element_bytes) const {
        const auto of_keys = static_cast<std::size_t>((element_bytes == 1 ? 3 : 2) * hopper_stages * block_n);
        return (static_cast<std::size_t>(block_m()) * 2 + of_keys * element_bytes) * static_cast<std::size_t>(head_dim);
    }
    static constexpr int hopper_stages = 2;
};

/// Two consumers of 240 registers: 64 scores, 32 of weights and head_dim / 2 of O; three of 160, where head_dim 64
/// leaves 32 of O. At head_dim 256 O has 128, and 64 keys leave 32 of scores and 16 of weights.
inline constexpr HopperTile hopper_two{2, 128}, hopper_three{3, 96}, hopper_wide{2, 64};
inline constexpr std::array flash_hopper_tiles{hopper_two, hopper_three, hopper_wide};
/// 128 keys are a row of V transposed, as wide as the widest swizzle.
constexpr bool takes_bytes(const HopperTile& tile, std::size_t element_bytes) {
    return element_bytes == 2 || (element_bytes == 1 && tile.block_n == 128);
}

}  // namespace stele::attention
