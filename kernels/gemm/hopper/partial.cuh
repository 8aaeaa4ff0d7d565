// Sums of parts of K, kept in shared memory and added across a cluster.
#pragma once

#include "kernels/common/ptx/cluster.cuh"
#include "kernels/gemm/hopper/roles.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

/// [BLOCK_M][PITCH] accumulators; 8 columns of padding set four rows into different banks.
template <typename G>
class Partial {
public:
    using Accumulator = typename G::Accumulator;
    static constexpr int PITCH = G::BLOCK_N + 8;
    static_assert(G::BLOCK_M * PITCH * 4 <= G::STAGES * G::STAGE_BYTES, "partial sums lie where stages were");
    static_assert(G::PIECES == 1, "a warpgroup has 64 rows");

    __device__ __forceinline__ explicit Partial(unsigned char* shared)
        : sums_(reinterpret_cast<std::uint32_t*>(shared)) {}

    /// This warpgroup's 64 rows.
    __device__ __forceinline__ void write(const Accumulator (&acc)[G::ACCUMULATORS], int warpgroup, int thread) const {
        const int row = warpgroup * G::ROWS + thread / 32 * 16 + thread % 32 / 4, col = thread % 4 * 2;
#pragma unroll
        for (int i = 0; i < G::ACCUMULATORS; i += 2)
            st_shared_v2_b32(sums_ + (row + i / 2 % 2 * 8) * PITCH + col + i / 4 * 8,
                             make_uint2(same_bits<std::uint32_t>(acc[i]), same_bits<std::uint32_t>(acc[i + 1])));
    }

    /// Adds this block's share of the rows over all blocks of the cluster and stores them. All consumers take part.
    __device__ __forceinline__ void add_and_store(typename G::Output* c, const TilePlace& place, int N, float scale,
                                                  const ClusterPlace& cluster, int thread) const {
        using T = typename G::Output;
        constexpr int PAIRS = G::BLOCK_N / 2;
        const int rows = min(G::BLOCK_M, place.row_end - place.row), cols = min(G::BLOCK_N, N - place.col);
        const int first = rows * cluster.rank / cluster.blocks, end = rows * (cluster.rank + 1) / cluster.blocks;
        for (int i = first * PAIRS + thread; i < end * PAIRS; i += G::CONSUMERS * 128) {
            const int row = i / PAIRS, col = i % PAIRS * 2;
            if (col >= cols) continue;
            Accumulator low = 0, high = 0;
            for (int rank = 0; rank < cluster.blocks; ++rank) {
                const std::uint32_t from = mapa(sums_ + row * PITCH + col, static_cast<std::uint32_t>(rank));
                low += same_bits<Accumulator>(ld_shared_cluster_f32(from));
                high += same_bits<Accumulator>(ld_shared_cluster_f32(from + 4));
            }
            T* to = c + static_cast<long long>(place.row + row) * N + place.col + col;
            if (N % 2 == 0) {
                store_pair(to, scale * static_cast<float>(low), scale * static_cast<float>(high));
            } else {
                store_element(to, scale * static_cast<float>(low));
                if (col + 1 < cols) store_element(to + 1, scale * static_cast<float>(high));
            }
        }
    }

private:
    std::uint32_t* sums_;
};

}  // namespace stele::gemm::ptx
