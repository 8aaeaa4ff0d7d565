// The tiles of latent_tensor, once for all languages.
#pragma once

#include <algorithm>

#include "kernels/attention/tile.hpp"

namespace stele::attention {

/// A block owns block_m packed rows and takes block_n keys at a time, two tiles of which are on their way or in use.
/// Each of its `warps` makes the scores of 16 rows and some of the keys, and after that the sums of all rows for its
/// own columns of O.
struct LatentTensorTile {
    int block_m, block_n, warps;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N", "WARPS"};
    constexpr std::array<int, 3> values() const { return {block_m, block_n, warps}; }
    constexpr bool operator==(const LatentTensorTile&) const = default;

    static constexpr int stages = 2;
    /// Threads that a multiprocessor is meant to hold: each with 255 registers.
    static constexpr int threads_per_sm = 256;
    constexpr int threads() const { return 32 * warps; }
    /// Warps that have the same rows' scores, of different keys.
    constexpr int key_groups() const { return warps / (block_m / 16); }
    constexpr int warp_keys() const { return block_n / key_groups(); }
    constexpr int warp_columns() const { return latent_value_dim / warps; }

    /// In elements: 16 bytes between rows put eight of them into different banks.
    constexpr int score_stride() const { return block_n + 4; }
    constexpr int weight_stride() const { return block_n + 8; }
    /// Q, and the stages of keys, which are the values too: 16 bits an element, `pad` bytes behind each row.
    constexpr std::size_t operand_bytes(int pad) const {
        return static_cast<std::size_t>(block_m + stages * block_n) *
               static_cast<std::size_t>(2 * latent_head_dim + pad);
    }
    /// A row's weights in 16 bits, the factor for what was summed before, its place in O, and what it sees.
    constexpr std::size_t row_bytes() const { return static_cast<std::size_t>(block_m * (2 * weight_stride() + 12)); }
    /// Of PTX, whose scores stay in registers: what warps with the same rows exchange.
    constexpr std::size_t ptx_bytes() const {
        return operand_bytes(0) + row_bytes() + static_cast<std::size_t>(4 * block_m * key_groups());
    }
    /// Of CUDA C++, whose scores pass through shared memory in f32.
    constexpr std::size_t wmma_bytes() const {
        return operand_bytes(16) + row_bytes() + static_cast<std::size_t>(4 * block_m * score_stride());
    }
};

/// What a block may have on Hopper, on Ampere, and where a multiprocessor has 100 KiB.
inline constexpr std::size_t hopper_shared = 227 * 1024, ampere_shared = 163 * 1024, least_shared = 99 * 1024;

/// The first is for Hopper and PTX; the others have room for wmma's scores too.
inline constexpr std::array latent_tensor_tiles{LatentTensorTile{64, 64, 8}, LatentTensorTile{64, 32, 8},
                                                LatentTensorTile{32, 32, 4}, LatentTensorTile{16, 32, 4}};
inline constexpr std::array latent_tensor_wmma_tiles{latent_tensor_tiles[1], latent_tensor_tiles[2],
                                                     latent_tensor_tiles[3]};
static_assert(latent_tensor_tiles[0].ptx_bytes() <= hopper_shared &&
              latent_tensor_wmma_tiles[0].wmma_bytes() <= ampere_shared &&
              latent_tensor_wmma_tiles[2].wmma_bytes() <= least_shared);

constexpr bool legal(const LatentTensorTile& tile) {
    return tile.block_m % 16 == 0 && tile.warps % (tile.block_m / 16) == 0 && tile.block_n % 16 == 0 &&
           tile.block_n % (8 * tile.key_groups()) == 0 && latent_value_dim % (16 * tile.warps) == 0;
}
static_assert(std::ranges::all_of(latent_tensor_tiles, legal),
              "a tile of attention/latent_tensor: warps have whole matrices of the rows' scores and of O's columns");

}  // namespace stele::attention
