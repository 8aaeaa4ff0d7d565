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

/// Empty, or the constraint that the tile breaks.
std::string why_illegal(const PanelTile& tile);

}  // namespace stele::gemm
