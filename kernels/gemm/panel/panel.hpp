// The tiles of panel.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "kernels/tile.hpp"

namespace stele::gemm {

/// A block, which is one work-item, owns BLOCK_M × BLOCK_N of C and packs BLOCK_K × BLOCK_N of B at a time; THREAD_M ×
/// THREAD_N sums are in registers, in vectors of 16.
struct PanelTile {
    int block_m, block_n, block_k, thread_m, thread_n;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N", "BLOCK_K", "THREAD_M", "THREAD_N"};
    constexpr std::array<int, 5> values() const { return {block_m, block_n, block_k, thread_m, thread_n}; }
    constexpr bool operator==(const PanelTile&) const = default;

    /// The panel of B and two stages of rows of A, both f32 whatever the storage is.
    constexpr std::size_t shared_bytes() const {
        return sizeof(float) * static_cast<std::size_t>(block_k) * static_cast<std::size_t>(block_n + 2 * thread_m);
    }
    /// Sums of one block between two steps of BLOCK_K.
    constexpr std::size_t partial_bytes() const {
        return sizeof(float) * static_cast<std::size_t>(block_m) * static_cast<std::size_t>(block_n);
    }
};

/// The first that a device takes is its default. 8 × 32 sums are sixteen of the 32 registers of AVX-512, twice as many
/// as two multipliers of four cycles are kept busy by; their panel, 768 KiB, is for second-level caches of 1 MiB and
/// more, as servers with AVX-512 have them. 6 × 16 are the twelve that AVX2 leaves beside one row of B and an element
/// of A; their panel, 256 KiB, stays in a second-level cache of 512 KiB. The others are for devices with 256 KiB and
/// with 32 KiB of local memory.
inline constexpr std::array panel_tiles{PanelTile{1032, 512, 384, 8, 32}, PanelTile{1032, 256, 192, 8, 32},
                                        PanelTile{1032, 256, 256, 6, 16}, PanelTile{1032, 256, 192, 6, 16},
                                        PanelTile{1032, 64, 96, 6, 16}};
static_assert(panel_tiles[1].shared_bytes() <= 256 * 1024 && panel_tiles[3].shared_bytes() <= 256 * 1024 &&
              panel_tiles[4].shared_bytes() <= 32 * 1024);

/// Empty, or the constraint that the tile breaks.
std::string why_illegal(const PanelTile& tile);

}  // namespace stele::gemm
