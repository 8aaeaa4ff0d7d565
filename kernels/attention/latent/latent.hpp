// The tiles of latent, once for all languages.
#pragma once

#include "kernels/attention/tile.hpp"

namespace stele::attention {

/// A block owns block_m packed rows and takes block_n keys at a time, threads_n threads a row: the keys that Tile has,
/// and no values beside them.
struct LatentTile {
    int block_m, block_n, threads_n;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N", "THREADS_N"};
    constexpr std::array<int, 3> values() const { return {block_m, block_n, threads_n}; }
    constexpr bool operator==(const LatentTile&) const = default;

    constexpr Tile plain() const { return {block_m, block_n, threads_n}; }
    /// Q in f32, `stages` tiles of keys as stored, weights in f32, and two integers a row.
    constexpr std::size_t shared_bytes(std::size_t element_bytes, int stages) const {
        const auto rows = static_cast<std::size_t>(block_m);
        return 4 * rows * static_cast<std::size_t>(plain().query_stride(latent_head_dim) + plain().p_stride() + 2) +
               static_cast<std::size_t>(stages * block_n * plain().key_stride(latent_head_dim, element_bytes)) *
                   element_bytes;
    }
    /// Of the OpenCL kernel: one stage, and the row maxima that threads exchange.
    constexpr std::size_t local_bytes(std::size_t element_bytes) const {
        return shared_bytes(element_bytes, 1) + static_cast<std::size_t>(4 * block_m * threads_n);
    }
};

/// Tiles of keys that the CUDA siblings have in flight: one is computed on while the next is copied.
inline constexpr int latent_stages = 2;

/// The second is for the 48 KB that OpenCL has on NVIDIA, where keys have 16 bits.
inline constexpr std::array latent_tiles{LatentTile{16, 32, 32}, LatentTile{4, 32, 32}};
static_assert(latent_tiles[1].local_bytes(2) <= 48 * 1024);

}  // namespace stele::attention
