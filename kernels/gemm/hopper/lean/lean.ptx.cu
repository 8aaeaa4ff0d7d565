// gemm / hopper / lean — CUDA C++ with PTX, sm_90a: what may still be gained over clusters at large problems
//
// C[M,N] = A[M,K] B[N,K]ᵀ, row-major, bf16. As clusters, without scales, and with a choice in the tile: more slots for
// C and fewer stages; the next tile's place found under a tile's last instructions; the last wave shared along K.
#include "kernels/common/ptx/registers.cuh"
#include "kernels/gemm/hopper/instances.cuh"
#include "kernels/gemm/hopper/last_wave.cuh"
#include "kernels/gemm/hopper/lean/lean.hpp"
#include "kernels/gemm/hopper/roles.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

template <gemm::HopperLeanTile tile>
inline constexpr int hopper_lean_threads = tile.threads();

/// `partials` and `flags` (zeros) are for the last wave alone: [blocks][consumers] of sums, and of words.
template <std::size_t TILE>
__global__ void __launch_bounds__(hopper_lean_threads<gemm::hopper_lean_kernel<TILE>>, 1)
    gemm_hopper_lean(const __grid_constant__ TensorMap map_a, const __grid_constant__ TensorMap map_b,
                     const __grid_constant__ TensorMap map_c, bf16* __restrict__ C, float* partials, unsigned* flags,
                     int M, int N, int K, int tma_store) {
    constexpr gemm::HopperLeanTile tile = gemm::hopper_lean_kernel<TILE>;
    using G = HopperOperands<Element::bf16, LayoutB::nk, tile>;
    constexpr bool EARLY = tile.early != 0, STREAM = tile.stream != 0;
    unsigned char* stages = dynamic_shared<unsigned char>();
    unsigned char* slots = stages + G::STAGES * G::STAGE_BYTES;
    __shared__ std::uint64_t full[G::STAGES], empty[G::STAGES];

    // -- place
    const int thread = static_cast<int>(threadIdx.x), warpgroup = thread / 128, consumer = warpgroup - 1;
    const ClusterPlace cluster = cluster_place();
    const int steps = (K + G::BLOCK_K - 1) / G::BLOCK_K;
    Schedule<G::BLOCK_M, G::BLOCK_N> schedule({nullptr, M, N, 1}, cluster.first, cluster.rank, cluster.blocks);
    const int tiles = schedule.tiles(), whole = STREAM ? tiles / cluster.clusters * cluster.clusters : tiles;
    if (thread == 0) init_barriers(full, empty, G::CONSUMERS * 4 * cluster.blocks);
    cluster_sync();

    if (warpgroup == 0) {
        // -- load
        setmaxnreg_dec<PRODUCER_REGISTERS>();
        if (thread == 0) {
            prefetch_tensor_map(map_a);
            prefetch_tensor_map(map_b);
            Ring<G::STAGES> ring;
            const auto bring = [&](const TilePlace& place, int first, int last) {
                produce_steps<G>(stages, full, empty, map_a, map_b, ring, place, cluster, first, last);
            };
            TilePlace place;
            for (; schedule.index() < whole && schedule.find(place); schedule.advance(cluster.clusters))
                bring(place, 0, steps);
            if constexpr (STREAM) {
                const LastWave wave(tiles - whole, steps, cluster.first, cluster.clusters);
                if (wave.left && schedule.at(whole + wave.left.tile, place))
                    bring(place, wave.left.first, wave.left.last);
                if (wave.own && schedule.at(whole + wave.own.tile, place)) bring(place, wave.own.first, wave.own.last);
            }
        }
        __syncwarp();
    } else {
        setmaxnreg_inc<CONSUMER_REGISTERS>();
        typename G::Accumulators acc;
        Ring<G::STAGES> ring;
        TilePlace place, next;
        bool more = schedule.index() < whole && schedule.find(next);
        const auto find_next = [&] {
            schedule.advance(cluster.clusters);
            more = schedule.index() < whole && schedule.find(next);
        };
        const auto store = [&] {
            store_tile<G, tile.slots>(acc[0], slots, map_c, C, place, consumer, M, N, 1.0f, false, tma_store != 0);
        };
        while (more) {
            place = next;
            // -- multiply
            consume_tile<G>(acc, stages, full, empty, ring, consumer, cluster.blocks, steps, [&] {
                if constexpr (EARLY) find_next();
            });

            // -- store
            store();
            if constexpr (!EARLY) find_next();
        }
        if constexpr (STREAM) {
            const LastWave wave(tiles - whole, steps, cluster.first, cluster.clusters);
            const auto barrier = static_cast<std::uint32_t>(consumer + 1);
            const int block = static_cast<int>(blockIdx.x), in_group = thread % 128;
            if (wave.left && schedule.at(whole + wave.left.tile, place)) {
                consume_tile<G>(acc, stages, full, empty, ring, consumer, cluster.blocks,
                                wave.left.last - wave.left.first);
                leave_partial(acc[0], partial_of<G::ACCUMULATORS>(partials, block, G::CONSUMERS, consumer, in_group),
                              flags + block * G::CONSUMERS + consumer, barrier, in_group);
            }
            if (wave.own && schedule.at(whole + wave.own.tile, place)) {
                consume_tile<G>(acc, stages, full, empty, ring, consumer, cluster.blocks,
                                wave.own.last - wave.own.first);
                const int first = wave.first_helper * cluster.blocks + cluster.rank;
                await_partials(flags, first * G::CONSUMERS + consumer, block * G::CONSUMERS,
                               cluster.blocks * G::CONSUMERS, barrier, in_group);
                for (int helper = first; helper < block; helper += cluster.blocks)
                    add_partial(acc[0],
                                partial_of<G::ACCUMULATORS>(partials, helper, G::CONSUMERS, consumer, in_group));
                store();
            }
        }
        if (thread % 128 == 0) bulk_wait_group_read<0>();
        __syncwarp();
    }
    // Neighbours may still arrive at this block's barriers.
    cluster_sync();
}

/// No part of the last wave has been left yet.
__global__ void gemm_hopper_lean_begin(unsigned* flags, int count) {
    const int at = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (at < count) flags[at] = 0;
}

std::vector<NativeInstance> gemm_hopper_lean() {
    NativeList list;
    for_each_tile<gemm::hopper_lean_kernels>([&]<gemm::HopperLeanTile tile>() {
        list.add<gemm_hopper_lean<tile_index<gemm::hopper_lean_kernels>(tile)>>("gemm_hopper_lean",
                                                                                text(tile) + " bf16 nk");
    });
    list.add<gemm_hopper_lean_begin>("gemm_hopper_lean_begin", "");
    return std::move(list);
}

}  // namespace stele::gemm::ptx
