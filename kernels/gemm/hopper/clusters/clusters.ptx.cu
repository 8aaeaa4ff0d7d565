// gemm / hopper / clusters — CUDA C++ with PTX, sm_90a; the steps to it: single, roles, persistent
//
// C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or [N,K] (tf32 and 8 bits: [N,K]); batched, or by groups of rows with a
// B each; 8-bit operands times one scale each. A
// cluster of blocks below each other walks over C in an order that keeps a wave's rows of A and B in L2. A block owns
// BLOCK_M × BLOCK_N of C: one thread of the producer's warpgroup brings its rows of A and its part of the cluster's
// shared tile B, which it multicasts; a consumer's warpgroup owns 64 rows, multiplies by wgmma, and hands C over to
// TMA, which stores while the next tile is multiplied.
#include "kernels/common/ptx/registers.cuh"
#include "kernels/gemm/hopper/clusters/clusters.hpp"
#include "kernels/gemm/hopper/instances.cuh"
#include "kernels/gemm/hopper/pack.cuh"
#include "kernels/gemm/hopper/roles.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

/// scale_a[1] and scale_b[1] are null for operands that have none. `tma_store` is 0 where map_c is none: C's rows are
/// not multiples of 16 bytes.
template <Element element, std::size_t TILE, LayoutB layout>
__global__ void __launch_bounds__(hopper_threads<gemm::hopper_kernel<TILE>>, 1)
    gemm_hopper_clusters(const __grid_constant__ TensorMap map_a, const __grid_constant__ TensorMap map_b,
                         const __grid_constant__ TensorMap map_c, const float* __restrict__ scale_a,
                         const float* __restrict__ scale_b, const int* __restrict__ row_begin,
                         typename OperandType<element>::Output* __restrict__ C, int M, int N, int K, int products,
                         int tma_store) {
    using G = HopperOperands<element, layout, gemm::hopper_kernel<TILE>>;
    unsigned char* stages = dynamic_shared<unsigned char>();
    unsigned char* slots = stages + G::STAGES * G::STAGE_BYTES;
    __shared__ std::uint64_t full[G::STAGES], empty[G::STAGES];

    // -- place
    const int thread = static_cast<int>(threadIdx.x), warpgroup = thread / 128, consumer = warpgroup - 1;
    const ClusterPlace cluster = cluster_place();
    const int steps = (K + G::BLOCK_K - 1) / G::BLOCK_K;
    Schedule<G::BLOCK_M, G::BLOCK_N> schedule({row_begin, M, N, products}, cluster.first, cluster.rank, cluster.blocks);
    if (thread == 0) init_barriers(full, empty, G::CONSUMERS * 4 * cluster.blocks);
    cluster_sync();

    if (warpgroup == 0) {
        // -- load
        setmaxnreg_dec<PRODUCER_REGISTERS>();
        if (thread == 0) produce<G>(stages, full, empty, map_a, map_b, schedule, cluster, steps);
        __syncwarp();
    } else {
        setmaxnreg_inc<CONSUMER_REGISTERS>();
        typename G::Accumulators acc;
        Ring<G::STAGES> ring;
        const float scale = product_of_scales(scale_a, scale_b);
        for (TilePlace place; schedule.find(place); schedule.advance(cluster.clusters)) {
            // -- multiply
            consume_tile<G>(acc, stages, full, empty, ring, consumer, cluster.blocks, steps);

            // -- store
            store_tile<G>(acc[0], slots, map_c, C, place, consumer, M, N, scale, row_begin != nullptr, tma_store != 0);
        }
        if (thread % 128 == 0) bulk_wait_group_read<0>();
        __syncwarp();
    }
    // Neighbours may still arrive at this block's barriers.
    cluster_sync();
}

std::vector<NativeInstance> gemm_hopper_clusters() {
    NativeList list;
    for_each_tile<gemm::hopper_kernels>([&]<gemm::HopperTile tile>() {
        constexpr std::size_t TILE = tile_index<gemm::hopper_kernels>(tile);
        for_each_operand([&]<Element element, LayoutB layout>(const std::string& instance) {
            list.add<gemm_hopper_clusters<element, TILE, layout>>("gemm_hopper_clusters",
                                                                  hopper_instance(tile) + instance);
        });
    });
    list.add<gemm_hopper_pack<std::uint8_t>>("gemm_hopper_pack", "1 byte");
    list.add<gemm_hopper_pack<std::uint16_t>>("gemm_hopper_pack", "2 bytes");
    list.add<gemm_hopper_pack<std::uint32_t>>("gemm_hopper_pack", "4 bytes");
    list.add<gemm_hopper_transpose>("gemm_hopper_transpose", "4 bytes");
    return std::move(list);
}

}  // namespace stele::gemm::ptx
