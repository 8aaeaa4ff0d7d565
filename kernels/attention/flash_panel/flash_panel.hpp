// The tiles of flash_panel.
#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace stele::attention {

/// A block, which is one work-item, owns block_m query rows and packs block_n keys and values at a time; thread_m ×
/// thread_n sums are in registers, in vectors of 16.
struct PanelTile {
    int block_m, block_n, thread_m, thread_n;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N", "THREAD_M", "THREAD_N"};
    constexpr std::array<int, 4> values() const { return {block_m, block_n, thread_m, thread_n}; }
    constexpr bool operator==(const PanelTile&) const = default;

    /// Keys and values, f32.
    constexpr std::size_t panel_bytes(int head_dim) const {
        return sizeof(float) * static_cast<std::size_t>(2 * block_n * head_dim);
    }
    /// Rows of Q and of O's sums, the panels of K and V, the weights of thread_m rows: all f32. And four numbers a row.
    constexpr std::size_t local_bytes(int head_dim) const {
        return sizeof(float) *
               static_cast<std::size_t>(2 * (block_m + block_n) * head_dim + thread_m * (block_n + 1) + 4 * block_m);
    }
};

/// The first that a device takes is its default. As in gemm/panel, 8 × 32 sums are for AVX-512 and 6 × 16 for AVX2. The
/// panels of the first, which all rows read, are 256 KiB at head_dim 128, so that they stay in a second-level cache of
/// 512 KiB, through which rows and sums pass once a panel; the others are for devices with 256 and 64 KiB of local
/// memory.
inline constexpr std::array panel_tiles{PanelTile{192, 256, 8, 32}, PanelTile{96, 128, 8, 32},
                                        PanelTile{192, 256, 6, 16}, PanelTile{96, 128, 6, 16},
                                        PanelTile{24, 32, 6, 16}};
static_assert(panel_tiles[0].panel_bytes(128) <= 256 * 1024 && panel_tiles[1].local_bytes(128) <= 256 * 1024 &&
              panel_tiles[3].local_bytes(128) <= 256 * 1024 && panel_tiles[4].local_bytes(128) <= 64 * 1024);

/// Empty, or the constraint that the tile breaks.
std::string why_illegal(const PanelTile& tile);

}  // namespace stele::attention
