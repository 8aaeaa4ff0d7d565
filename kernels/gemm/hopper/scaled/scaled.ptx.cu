// gemm / hopper / scaled — CUDA C++ with PTX, sm_90a; a sibling of clusters for 8-bit operands with block scales
//
// C[M,N] = A[M,K] B[N,K]ᵀ, row-major, A times scale_a[M,⌈K/128⌉], B times scale_b[⌈N/128⌉,⌈K/128⌉]; batched, or by
// groups of rows with a B each. As clusters, but a stage is one block of K, whose products are summed apart: acc holds
// them, sums what they come to with their scales. BLOCK_N is 128, so that one number scales tile B.
#include "kernels/common/ptx/registers.cuh"
#include "kernels/gemm/hopper/instances.cuh"
#include "kernels/gemm/hopper/roles.cuh"
#include "kernels/gemm/hopper/scaled/scaled.hpp"
#include "kernels/gemm/hopper/scales.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

/// `tma_store` is 0 where map_c is none: C's rows are not multiples of 16 bytes.
template <Element element, std::size_t TILE>
__global__ void __launch_bounds__(hopper_threads<gemm::hopper_scaled_tile<TILE>>, 1)
    gemm_hopper_scaled(const __grid_constant__ TensorMap map_a, const __grid_constant__ TensorMap map_b,
                       const __grid_constant__ TensorMap map_c, const float* __restrict__ scale_a,
                       const float* __restrict__ scale_b, const int* __restrict__ row_begin, bf16* __restrict__ C,
                       int M, int N, int K, int products, int tma_store) {
    using G = HopperOperands<element, LayoutB::nk, gemm::hopper_scaled_tile<TILE>>;
    static_assert(G::BLOCK_K == 128 && G::BLOCK_N == 128, "a stage is one block of scales");
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
        float sums[G::ACCUMULATORS];
        Ring<G::STAGES> ring;
        for (TilePlace place; schedule.find(place); schedule.advance(cluster.clusters)) {
            // -- multiply
            BlockScales scales(scale_a, scale_b, place, consumer * G::ROWS, M, N, steps, thread % 128);
#pragma unroll
            for (float& sum : sums) sum = 0;
            for (int step = 0; step < steps; ++step, ring.next()) {
                const unsigned char* stage = stages + ring.stage * G::STAGE_BYTES;
                const ScalePair scale = scales.next();
                mbarrier_wait_parity(&full[ring.stage], ring.phase);
                multiply_stage<G>(acc, stage + consumer * G::ROWS * gemm::hopper_depth_bytes, stage + G::TILE_A, false);
                wgmma_wait_group<0>();
                release_in_cluster(&empty[ring.stage], thread % 32, cluster.blocks);
                add_scaled(sums, acc[0], scale);
            }

            // -- store
            store_tile<G>(sums, slots, map_c, C, place, consumer, M, N, 1.0f, row_begin != nullptr, tma_store != 0);
        }
        if (thread % 128 == 0) bulk_wait_group_read<0>();
        __syncwarp();
    }
    // Neighbours may still arrive at this block's barriers.
    cluster_sync();
}

std::vector<NativeInstance> gemm_hopper_scaled() {
    NativeList list;
    for_each_tile<gemm::hopper_scaled_kernels>([&]<gemm::HopperTile tile>() {
        constexpr std::size_t TILE = tile_index<gemm::hopper_scaled_kernels>(tile);
        list.add<gemm_hopper_scaled<Element::e4m3, TILE>>("gemm_hopper_scaled", hopper_instance(tile) + "e4m3 nk");
        list.add<gemm_hopper_scaled<Element::s8, TILE>>("gemm_hopper_scaled", hopper_instance(tile) + "s8 nk");
    });
    return std::move(list);
}

}  // namespace stele::gemm::ptx
