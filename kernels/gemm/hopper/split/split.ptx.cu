// gemm / hopper / split — CUDA C++ with PTX, sm_90a; for products with fewer tiles than the device has SMs: a
// sibling of clusters
//
// C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or [N,K] (tf32 and 8 bits: [N,K]); batched, or by groups of rows with a
// B each; 8-bit operands times one scale each. A cluster owns BLOCK_M × BLOCK_N of C, and each of its blocks a part of
// K: one warp brings stages by TMA, a warpgroup for each 64 rows multiplies by wgmma. Partial sums stay in shared
// memory, where every block adds its share of the rows from all blocks of the cluster, in the order of their ranks.
#include "kernels/gemm/hopper/instances.cuh"
#include "kernels/gemm/hopper/partial.cuh"
#include "kernels/gemm/hopper/roles.cuh"
#include "kernels/gemm/hopper/split/split.hpp"

namespace stele::gemm::ptx {

using namespace stele::ptx;

/// scale_a[1] and scale_b[1] are null for operands that have none. A cluster has no more blocks than K has stages.
template <Element element, std::size_t TILE, LayoutB layout>
__global__ void __launch_bounds__(hopper_split_threads<gemm::hopper_split_kernel<TILE>>, 1)
    gemm_hopper_split(const __grid_constant__ TensorMap map_a, const __grid_constant__ TensorMap map_b,
                      const float* __restrict__ scale_a, const float* __restrict__ scale_b,
                      const int* __restrict__ row_begin, typename OperandType<element>::Output* __restrict__ C, int M,
                      int N, int K, int products) {
    using G = HopperOperands<element, layout, gemm::hopper_split_kernel<TILE>>;
    unsigned char* stages = dynamic_shared<unsigned char>();
    __shared__ std::uint64_t full[G::STAGES], empty[G::STAGES];

    // -- place
    const int thread = static_cast<int>(threadIdx.x), warpgroup = thread / 128;
    const ClusterPlace cluster = cluster_place();
    Schedule<G::BLOCK_M, G::BLOCK_N> schedule({row_begin, M, N, products}, cluster.first, 0, 1);
    TilePlace place;
    schedule.find(place);
    const int all_steps = (K + G::BLOCK_K - 1) / G::BLOCK_K;
    const int first_step = all_steps * cluster.rank / cluster.blocks;
    const int steps = all_steps * (cluster.rank + 1) / cluster.blocks - first_step;
    if (thread == 0) init_barriers(full, empty, G::CONSUMERS * 4);
    __syncthreads();

    const float scale = product_of_scales(scale_a, scale_b);
    typename G::Accumulators acc;
    if (warpgroup == G::CONSUMERS) {
        // -- load
        Ring<G::STAGES> ring;
        if (thread % 32 == 0)
            for (int step = 0; step < steps; ++step, ring.next()) {
                mbarrier_wait_parity(&empty[ring.stage], ring.phase ^ 1);
                load_stage<G>(stages + ring.stage * G::STAGE_BYTES, map_a, map_b, &full[ring.stage], place,
                              (first_step + step) * G::BLOCK_K);
            }
        __syncwarp();
    } else {
        // -- multiply
        Ring<G::STAGES> ring;
        consume_tile<G>(acc, stages, full, empty, ring, warpgroup, 1, steps);
    }

    // -- store
    const Partial<G> partial(stages);
    typename G::Output* matrix = C + static_cast<long long>(place.matrix_a) * M * N;
    if (cluster.blocks == 1) {
        if (warpgroup < G::CONSUMERS)
            store_from_registers(acc[0], matrix, place.row + warpgroup * G::ROWS, place.row_end, place.col, N, scale,
                                 thread % 128);
        return;
    }
    if (warpgroup < G::CONSUMERS) {
        // All warps have read their last stage, in whose place partial sums now come.
        barrier_sync(1, G::CONSUMERS * 128);
        partial.write(acc[0], warpgroup, thread % 128);
    }
    cluster_sync();
    if (warpgroup < G::CONSUMERS) partial.add_and_store(matrix, place, N, scale, cluster, thread);
    // Neighbours may still read this block's sums.
    __syncwarp();
    cluster_sync();
}

std::vector<NativeInstance> gemm_hopper_split() {
    NativeList list;
    for_each_tile<gemm::hopper_split_kernels>([&]<gemm::HopperSplitTile tile>() {
        constexpr std::size_t TILE = tile_index<gemm::hopper_split_kernels>(tile);
        for_each_operand([&]<Element element, LayoutB layout>(const std::string& instance) {
            list.add<gemm_hopper_split<element, TILE, layout>>("gemm_hopper_split", hopper_instance(tile) + instance);
        });
    });
    return std::move(list);
}

}  // namespace stele::gemm::ptx
