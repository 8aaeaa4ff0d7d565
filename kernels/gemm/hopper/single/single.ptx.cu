// gemm / hopper / single — CUDA C++ with PTX, sm_90a: the first step to clusters
//
// C[M,N] = A[M,K] B[N,K]ᵀ, row-major, 16-bit. A block of one warpgroup owns BLOCK_M × BLOCK_N of C: its first thread
// brings tiles by TMA into a ring of stages, all multiply them by wgmma, and C leaves from registers.
#include "kernels/gemm/hopper/pipeline.cuh"
#include "kernels/gemm/hopper/single/single.hpp"
#include "kernels/gemm/hopper/step.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

template <Element element, std::size_t TILE>
__global__ void __launch_bounds__(step_threads<gemm::hopper_single_tile<TILE>, false>, 1)
    gemm_hopper_single(const __grid_constant__ TensorMap map_a, const __grid_constant__ TensorMap map_b,
                       typename OperandType<element>::Output* __restrict__ C, int M, int N, int K) {
    using G = StepOperands<element, gemm::hopper_single_tile<TILE>>;
    unsigned char* stages = dynamic_shared<unsigned char>();
    __shared__ std::uint64_t full[G::STAGES];
    typename G::Accumulators acc;

    // -- place
    const int thread = static_cast<int>(threadIdx.x);
    const TilePlace place = place_of_block<G>(M, N);
    const int steps = (K + G::BLOCK_K - 1) / G::BLOCK_K;
    if (thread == 0) {
        for (std::uint64_t& barrier : full) mbarrier_init(&barrier, 1);
        fence_mbarrier_init();
    }
    __syncthreads();

    // -- load
    const auto load = [&](int step, int stage) {
        load_stage<G>(stages + stage * G::STAGE_BYTES, map_a, map_b, &full[stage], place, step * G::BLOCK_K);
    };
    if (thread == 0)
        for (int step = 0; step < min(G::STAGES, steps); ++step) load(step, step);

    // -- multiply
    Ring<G::STAGES> ring;
    for (int step = 0; step < steps; ++step, ring.next()) {
        const unsigned char* stage = stages + ring.stage * G::STAGE_BYTES;
        mbarrier_wait_parity(&full[ring.stage], ring.phase);
        multiply_stage<G>(acc, stage, stage + G::TILE_A, step > 0);
        wgmma_wait_group<0>();
        // All four warps have read the stage.
        __syncthreads();
        if (thread == 0 && step + G::STAGES < steps) load(step + G::STAGES, ring.stage);
    }

    // -- store
#pragma unroll
    for (int piece = 0; piece < G::PIECES; ++piece)
        store_from_registers(acc[piece], C, place.row + piece * gemm::wgmma_rows, M, place.col, N, 1.0f, thread);
}

std::vector<NativeInstance> gemm_hopper_single() {
    NativeList list;
    for_each_tile<gemm::hopper_single_tiles>([&]<gemm::HopperStepTile tile>() {
        for_each_16_bit([&]<Element element>() {
            list.add<gemm_hopper_single<element, tile_index<gemm::hopper_single_tiles>(tile)>>(
                "gemm_hopper_single", text(tile) + ' ' + OperandType<element>::name + " nk");
        });
    });
    return std::move(list);
}

}  // namespace stele::gemm::ptx
