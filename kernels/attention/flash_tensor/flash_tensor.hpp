// The tiles of flash_tensor, once for all languages.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace stele::attention {

/// A block owns block_m query rows and walks over the keys block_n at a time, two tiles of which are on their way or in
/// use; a warp owns warp_m of the rows, their scores and their part of O in registers.
struct TensorTile {
    int block_m, block_n, warp_m;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N", "WARP_M"};
    constexpr std::array<int, 3> values() const { return {block_m, block_n, warp_m}; }
    constexpr bool operator==(const TensorTile&) const = default;

    /// A warp of 32 rows, or 64 keys at a time, leave no room for 256 columns of O.
    constexpr bool takes_head_dim(int head_dim) const { return block_n == 32 || head_dim <= 128; }
    constexpr int warps() const { return block_m / warp_m; }
    constexpr int threads() const { return 32 * warps(); }
    /// Rows of Q, and two stages of K and V: 16 bits an element, `pad` bytes behind each row.
    constexpr std::size_t operand_bytes(int head_dim, int pad) const {
        return static_cast<std::size_t>(block_m + 4 * block_n) * static_cast<std::size_t>(2 * head_dim + pad);
    }
    /// Scores in f32 and weights in 16 bits of all warps, for wmma, whose fragments do not tell what row an element is
    /// of; and a factor a row.
    constexpr std::size_t score_bytes() const {
        return static_cast<std::size_t>(block_m) *
               static_cast<std::size_t>(4 * score_stride() + 2 * weight_stride() + 4);
    }
    /// In elements: 16 bytes between rows put eight of them into different banks.
    constexpr int score_stride() const { return block_n + 4; }
    constexpr int weight_stride() const { return block_n + 8; }
};

/// Bytes behind a row of a tile for wmma, which is loaded with one distance between rows.
inline constexpr int wmma_pad = 16;

/// 32 rows a warp read each key once for two matrices of 16 rows: shared memory feeds mma.sync with 128 bytes an
/// instruction, and with 256 for the second.
/// The last is for head_dim 256, and for what OpenCL has room for.
inline constexpr std::array flash_tensor_tiles{TensorTile{128, 64, 32}, TensorTile{64, 64, 16}, TensorTile{64, 32, 16}};

/// For OpenCL, which has 48 KB on NVIDIA: the first fits at head_dim 64 and 128, the second at 64.
inline constexpr std::array flash_tensor_small_tiles{flash_tensor_tiles[2], flash_tensor_tiles[1]};

constexpr bool legal(const TensorTile& tile) {
    return tile.block_m % tile.warp_m == 0 && (tile.warp_m == 16 || tile.warp_m == 32) && tile.block_n % 16 == 0 &&
           tile.threads() <= 1024;
}
static_assert(std::ranges::all_of(flash_tensor_tiles, legal) &&
                  flash_tensor_small_tiles[0].operand_bytes(128, 0) <= 48 * 1024,
              "a tile of attention/flash_tensor: warps of whole 16-row matrices, one or two lanes a row; keys in whole "
              "steps of the matrix unit");

}  // namespace stele::attention
