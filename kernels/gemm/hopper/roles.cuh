// What the two roles of a persistent block do: the producer's loop over all tiles, a consumer's loop over one.
#pragma once

#include "kernels/common/shared.cuh"
#include "kernels/gemm/hopper/pipeline.cuh"
#include "kernels/gemm/hopper/schedule.cuh"
#include "kernels/gemm/hopper/store.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

/// This block in its cluster, and its cluster in the grid.
struct ClusterPlace {
    int rank, blocks;     ///< in the cluster
    int first, clusters;  ///< this cluster's index, and how many there are
};

__device__ __forceinline__ ClusterPlace cluster_place() {
    const int blocks = static_cast<int>(cluster_size());
    return {static_cast<int>(cluster_rank()), blocks, static_cast<int>(blockIdx.x) / blocks,
            static_cast<int>(gridDim.x) / blocks};
}

/// One thread: brings stages [first, last) of a tile.
template <typename G>
__device__ __forceinline__ void produce_steps(unsigned char* stages, std::uint64_t (&full)[G::STAGES],
                                              std::uint64_t (&empty)[G::STAGES], const TensorMap& map_a,
                                              const TensorMap& map_b, Ring<G::STAGES>& ring, const TilePlace& place,
                                              const ClusterPlace& cluster, int first, int last) {
    for (int step = first; step < last; ++step, ring.next()) {
        unsigned char* stage = stages + ring.stage * G::STAGE_BYTES;
        if (cluster.blocks == 1) {
            mbarrier_wait_parity(&empty[ring.stage], ring.phase ^ 1);
            load_stage<G>(stage, map_a, map_b, &full[ring.stage], place, step * G::BLOCK_K);
        } else {
            mbarrier_wait_parity_relaxed_cluster(&empty[ring.stage], ring.phase ^ 1);
            load_stage_shared<G>(stage, map_a, map_b, &full[ring.stage], place, step * G::BLOCK_K, cluster.rank,
                                 cluster.blocks);
        }
    }
}

/// One thread: brings the stages of all of this block's tiles.
template <typename G>
__device__ __forceinline__ void produce(unsigned char* stages, std::uint64_t (&full)[G::STAGES],
                                        std::uint64_t (&empty)[G::STAGES], const TensorMap& map_a,
                                        const TensorMap& map_b, Schedule<G::BLOCK_M, G::BLOCK_N>& schedule,
                                        const ClusterPlace& cluster, int steps) {
    prefetch_tensor_map(map_a);
    prefetch_tensor_map(map_b);
    Ring<G::STAGES> ring;
    for (TilePlace place; schedule.find(place); schedule.advance(cluster.clusters))
        produce_steps<G>(stages, full, empty, map_a, map_b, ring, place, cluster, 0, steps);
}

/// A consumer's warpgroup: acc becomes the product of its 64 rows of the tile, and the stages go back. `meanwhile` is
/// called while the last instructions run.
template <typename G, typename Meanwhile>
__device__ __forceinline__ void consume_tile(typename G::Accumulators& acc, const unsigned char* stages,
                                             std::uint64_t (&full)[G::STAGES], std::uint64_t (&empty)[G::STAGES],
                                             Ring<G::STAGES>& ring, int consumer, int blocks, int steps,
                                             Meanwhile&& meanwhile) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    int before = 0;
    for (int step = 0; step < steps; ++step, before = ring.stage, ring.next()) {
        const unsigned char* stage = stages + ring.stage * G::STAGE_BYTES;
        mbarrier_wait_parity(&full[ring.stage], ring.phase);
        multiply_stage<G>(acc, stage + consumer * G::ROWS * gemm::hopper_depth_bytes, stage + G::TILE_A, step > 0);
        // The instructions of this stage may go on while the stage before goes back.
        wgmma_wait_group<1>();
        if (step > 0) release_in_cluster(&empty[before], lane, blocks);
    }
    meanwhile();
    wgmma_wait_group<0>();
    release_in_cluster(&empty[before], lane, blocks);
}

template <typename G>
__device__ __forceinline__ void consume_tile(typename G::Accumulators& acc, const unsigned char* stages,
                                             std::uint64_t (&full)[G::STAGES], std::uint64_t (&empty)[G::STAGES],
                                             Ring<G::STAGES>& ring, int consumer, int blocks, int steps) {
    consume_tile<G>(acc, stages, full, empty, ring, consumer, blocks, steps, [] {});
}

/// A consumer's 64 rows of C. Stores by TMA stop at the edges of C, but not where a group's rows end.
template <typename G, int SLOTS = gemm::hopper_slots, int ACCUMULATORS, typename Accumulator>
__device__ __forceinline__ void store_tile(const Accumulator (&acc)[ACCUMULATORS], unsigned char* slots,
                                           const TensorMap& map_c, typename G::Output* C, const TilePlace& place,
                                           int consumer, int M, int N, float scale, bool grouped, bool tma_store) {
    using T = typename G::Output;
    const int thread = static_cast<int>(threadIdx.x) % 128, row = place.row + consumer * G::ROWS;
    if (row >= place.row_end) return;
    if (tma_store && !(grouped && row + gemm::wgmma_rows > place.row_end))
        store_by_tma<T, SLOTS>(slots + consumer * SLOTS * gemm::hopper_slot_bytes, acc, map_c, place, row, scale,
                               static_cast<std::uint32_t>(consumer + 1), thread, N);
    else
        store_from_registers(acc, C + static_cast<long long>(place.matrix_a) * M * N, row, place.row_end, place.col, N,
                             scale, thread);
    // The next tile's wgmmas want whole warps.
    __syncwarp();
}

}  // namespace stele::gemm::ptx
