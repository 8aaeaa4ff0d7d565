// gemm / hopper / persistent — CUDA C++ with PTX, sm_90a: the step after roles, and the last before clusters
//
// C[M,N] = A[M,K] B[N,K]ᵀ, row-major, 16-bit. As many blocks as SMs walk over the BLOCK_M × BLOCK_N tiles of C in an
// order that keeps a wave's rows of A and B in L2; the producer runs ahead into the next tile while the consumers
// store.
#include "kernels/common/ptx/registers.cuh"
#include "kernels/gemm/hopper/persistent/persistent.hpp"
#include "kernels/gemm/hopper/pipeline.cuh"
#include "kernels/gemm/hopper/schedule.cuh"
#include "kernels/gemm/hopper/step.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

template <Element element, std::size_t TILE>
__global__ void __launch_bounds__(step_threads<gemm::hopper_persistent_tile<TILE>, true>, 1)
    gemm_hopper_persistent(const __grid_constant__ TensorMap map_a, const __grid_constant__ TensorMap map_b,
                           typename OperandType<element>::Output* __restrict__ C, int M, int N, int K) {
    using G = StepOperands<element, gemm::hopper_persistent_tile<TILE>>;
    unsigned char* stages = dynamic_shared<unsigned char>();
    __shared__ std::uint64_t full[G::STAGES], empty[G::STAGES];

    // -- place
    const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, warpgroup = thread / 128;
    const int steps = (K + G::BLOCK_K - 1) / G::BLOCK_K, blocks = static_cast<int>(gridDim.x);
    Schedule<G::BLOCK_M, G::BLOCK_N> schedule({nullptr, M, N, 1}, static_cast<int>(blockIdx.x), 0, 1);
    TilePlace place;
    if (thread == 0) init_barriers(full, empty, G::CONSUMERS * 4);
    __syncthreads();

    Ring<G::STAGES> ring;
    if (warpgroup == 0) {
        // -- load
        setmaxnreg_dec<PRODUCER_REGISTERS>();
        if (thread == 0)
            for (; schedule.find(place); schedule.advance(blocks))
                for (int step = 0; step < steps; ++step, ring.next()) {
                    mbarrier_wait_parity(&empty[ring.stage], ring.phase ^ 1);
                    load_stage<G>(stages + ring.stage * G::STAGE_BYTES, map_a, map_b, &full[ring.stage], place,
                                  step * G::BLOCK_K);
                }
        return;
    }
    setmaxnreg_inc<CONSUMER_REGISTERS>();
    const int consumer = warpgroup - 1;
    typename G::Accumulators acc;

    for (; schedule.find(place); schedule.advance(blocks)) {
        // -- multiply
        int before = 0;
        for (int step = 0; step < steps; ++step, before = ring.stage, ring.next()) {
            const unsigned char* stage = stages + ring.stage * G::STAGE_BYTES;
            mbarrier_wait_parity(&full[ring.stage], ring.phase);
            multiply_stage<G>(acc, stage + consumer * G::ROWS * gemm::hopper_depth_bytes, stage + G::TILE_A, step > 0);
            // The instructions of this stage may go on while the stage before goes back.
            wgmma_wait_group<1>();
            if (step > 0) release(&empty[before], lane);
        }
        wgmma_wait_group<0>();
        release(&empty[before], lane);

        // -- store
        store_from_registers(acc[0], C, place.row + consumer * G::ROWS, M, place.col, N, 1.0f, thread % 128);
    }
}

std::vector<NativeInstance> gemm_hopper_persistent() {
    NativeList list;
    for_each_tile<gemm::hopper_persistent_tiles>([&]<gemm::HopperStepTile tile>() {
        for_each_16_bit([&]<Element element>() {
            list.add<gemm_hopper_persistent<element, tile_index<gemm::hopper_persistent_tiles>(tile)>>(
                "gemm_hopper_persistent", text(tile) + ' ' + OperandType<element>::name + " nk");
        });
    });
    return std::move(list);
}

}  // namespace stele::gemm::ptx
