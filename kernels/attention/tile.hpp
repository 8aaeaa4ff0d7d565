// The tile of the attention kernels that keep no scores in memory, here and in sparse_attention.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace stele::attention {

/// The window of a query that sees all keys up to its last: more than any sequence has, and less than would overflow.
inline constexpr std::int32_t every_key = 1 << 30;

/// Of latent attention: columns of a key, and how many of them are its value.
inline constexpr int latent_head_dim = 576, latent_value_dim = 512;

/// A block owns block_m query rows and walks over keys block_n at a time. threads_n threads share a row: each has
/// block_n / threads_n scores and head_dim / threads_n columns of O in each of its thread_m rows.
struct Tile {
    int block_m, block_n, threads_n;

    static constexpr std::array names{"BLOCK_M", "BLOCK_N", "THREADS_N"};
    /// Of a tall tile eight, which take half as many reads and conversions of keys and values a multiply-add.
    constexpr int thread_m() const { return block_m < 128 ? 4 : 8; }
    /// Threads that a multiprocessor is meant to hold: 12 warps leave each 168 registers, enough not to spill; 8 warps
    /// leave 255, for eight rows.
    static constexpr int threads_per_sm = 384;
    constexpr int blocks_per_sm() const { return (thread_m() == 4 ? threads_per_sm : 256) / num_threads(); }
    constexpr std::array<int, 3> values() const { return {block_m, block_n, threads_n}; }

    constexpr int num_threads() const { return block_m / thread_m() * threads_n; }
    /// 16 bytes between rows of a tile put eight consecutive rows into different banks.
    constexpr int query_stride(int head_dim) const { return head_dim + 4; }
    constexpr int key_stride(int head_dim, std::size_t element_bytes) const {
        return head_dim + static_cast<int>(16 / element_bytes);
    }
    constexpr int p_stride() const { return block_n + 4; }

    /// Shared memory of the CUDA C++ and PTX kernels: Q in f32, `stages` tiles of K and of V as stored, P in f32, and
    /// two integers a row.
    constexpr std::size_t shared_bytes(int head_dim, std::size_t element_bytes, int stages) const {
        const auto rows = static_cast<std::size_t>(block_m);
        return rows * 4 * static_cast<std::size_t>(query_stride(head_dim) + p_stride() + 2) +
               2 * static_cast<std::size_t>(stages * block_n * key_stride(head_dim, element_bytes)) * element_bytes;
    }
    /// Local memory of the OpenCL kernels: one stage, and the row maxima that threads exchange.
    constexpr std::size_t local_bytes(int head_dim, std::size_t element_bytes) const {
        return shared_bytes(head_dim, element_bytes, 1) + static_cast<std::size_t>(block_m * threads_n) * 4;
    }
    constexpr bool operator==(const Tile&) const = default;

    /// 256 columns of O are 16 threads' work: in registers of 8 they would not fit. Nor would eight rows of them.
    constexpr bool takes_head_dim(int head_dim) const {
        return thread_m() == 8 ? head_dim <= 128 : (threads_n == 16) == (head_dim > 128);
    }
};

/// For a program of OpenCL C of which another kernel is wanted.
inline constexpr Tile least_tile{4, 16, 16};

/// Tiles of the algorithms that keep no scores; the first is the default. Its local memory fits into the 48 KB that
/// OpenCL has on NVIDIA, for every dtype and for head_dim 64 and 128.
inline constexpr std::array tiles{Tile{32, 16, 8}, Tile{64, 32, 8}};

/// The same for head_dim 256; the last fits into 48 KB.
inline constexpr std::array wide_tiles{Tile{32, 32, 16}, Tile{8, 16, 16}};
static_assert(tiles[0].local_bytes(128, 4) <= 48 * 1024 && wide_tiles[1].local_bytes(256, 4) <= 48 * 1024);

}  // namespace stele::attention
