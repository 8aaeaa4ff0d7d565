// The tiles of tensor and bulk, once for all languages.
#pragma once

#include <array>
#include <cstddef>

#include "kernels/tensor.hpp"
#include "kernels/tile.hpp"

namespace stele::gemm {

/// A block owns BLOCK_M × BLOCK_N of C and takes BLOCK_K of K at a time, STAGES of which are on their way or in use; a
/// warp owns WARP_M × WARP_N of it. BLOCK_K counts elements of 16 bits: others take as many bytes of K.
struct TensorTile {
    int block_m, block_n, block_k, warp_m, warp_n, stages;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N", "BLOCK_K", "WARP_M", "WARP_N", "STAGES"};
    constexpr std::array<int, 6> values() const { return {block_m, block_n, block_k, warp_m, warp_n, stages}; }
    constexpr bool operator==(const TensorTile&) const = default;

    constexpr int warps() const { return (block_m / warp_m) * (block_n / warp_n); }
    constexpr int threads() const { return 32 * warps(); }
    /// Bytes that a row of a tile with K in its rows has.
    constexpr int k_bytes() const { return 2 * block_k; }
    /// Of all stages, rows without padding.
    constexpr std::size_t stage_bytes() const {
        return static_cast<std::size_t>(stages) * static_cast<std::size_t>(k_bytes()) *
               static_cast<std::size_t>(block_m + block_n);
    }
    /// Of all stages, rows padded as wmma wants them.
    constexpr std::size_t padded_bytes(int element_bytes, bool b_is_kn) const;
};

/// Bytes behind each row of a tile for wmma: eight rows that are read at one time lie in different banks, or four of 32
/// bytes where elements of 4 bytes are gathered from rows of [K,N].
inline constexpr int pad_a = 16;
constexpr int pad_b(int element_bytes, bool b_is_kn) { return b_is_kn && element_bytes == 4 ? 32 : 16; }

constexpr std::size_t TensorTile::padded_bytes(int element_bytes, bool b_is_kn) const {
    const int rows_b = b_is_kn ? k_bytes() / element_bytes : block_n;
    const int row_b = b_is_kn ? block_n * element_bytes : k_bytes();
    return static_cast<std::size_t>(stages) *
           static_cast<std::size_t>(block_m * (k_bytes() + pad_a) + rows_b * (row_b + pad_b(element_bytes, b_is_kn)));
}

/// What a C tile's rows are apart in shared memory, in elements, on their way out of a warp: its stores of 4 or 8 bytes
/// a lane and its loads of 16 then meet in no bank.
constexpr int staging_stride(const TensorTile& tile) { return tile.warp_n + 8; }
/// Rows of C that a warp brings out at a time.
inline constexpr int staging_rows = 16;

/// For e4m3, which the matrix units of sm_90 take as f16 after a conversion that wants registers.
inline constexpr TensorTile e4m3_tile{128, 128, 64, 64, 32, 3};
/// The first is the default. Shared memory feeds the matrix units of these kernels, and a tile is as fast as few bytes
/// go through it: the first reads least. The third fits into the 48 KiB that a kernel has without asking.
inline constexpr std::array tensor_tiles{TensorTile{256, 192, 64, 64, 96, 3}, TensorTile{128, 256, 64, 64, 64, 3},
                                         TensorTile{128, 128, 32, 64, 64, 3}, e4m3_tile};
constexpr bool takes(const TensorTile& tile, Dtype dtype) { return (tile == e4m3_tile) == (dtype == Dtype::e4m3); }

/// Those whose fragments wmma's compiler keeps in registers, which 64 × 96 of C a warp are too many for.
inline constexpr std::array wmma_tiles{tensor_tiles[1], tensor_tiles[2]};

/// The tile by its index, which is the kernels' template argument.
template <std::size_t TILE>
inline constexpr TensorTile tensor_tile = tensor_tiles[TILE];
template <std::size_t TILE>
inline constexpr TensorTile wmma_tile = wmma_tiles[TILE];

/// Whole 16-byte pieces of `rows` rows of `row_bytes`, evenly over the block's threads: a row, or 128 bytes of it, is
/// copied by neighbours, and a thread's rows are a multiple of 8 apart.
constexpr bool copies_evenly(const TensorTile& tile, int rows, int row_bytes) {
    const int panel = row_bytes < 128 ? row_bytes / 16 : 8;
    const int rows_at_once = tile.threads() / panel;
    return (row_bytes == 64 || row_bytes % 128 == 0) && rows_at_once % 8 == 0 && rows % rows_at_once == 0;
}

constexpr bool legal(const TensorTile& tile) {
    for (int element_bytes : {2, 4})
        if (!copies_evenly(tile, tile.k_bytes() / element_bytes, tile.block_n * element_bytes)) return false;
    return tile.block_m % tile.warp_m == 0 && tile.block_n % tile.warp_n == 0 && tile.warp_m % 16 == 0 &&
           tile.warp_n % 16 == 0 && tile.k_bytes() >= 64 && tile.stages >= 3 && tile.threads() <= 1024 &&
           copies_evenly(tile, tile.block_m, tile.k_bytes()) && copies_evenly(tile, tile.block_n, tile.k_bytes()) &&
           static_cast<std::size_t>(tile.warps() * staging_rows * staging_stride(tile) * 4) <= tile.stage_bytes();
}
constexpr bool all_legal(const auto& tiles) {
    for (const TensorTile& tile : tiles)
        if (!legal(tile)) return false;
    return true;
}
static_assert(all_legal(tensor_tiles),
              "a tile of gemm/tensor: warps of whole 16 × 16 pieces divide the block; every thread copies the same "
              "number of 16-byte pieces, of rows that swizzle alike; two steps of the matrix unit at least in BLOCK_K; "
              "C's way out fits where the stages were");

}  // namespace stele::gemm
