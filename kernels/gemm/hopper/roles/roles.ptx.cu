// gemm / hopper / roles — CUDA C++ with PTX, sm_90a: the step after single
//
// C[M,N] = A[M,K] B[N,K]ᵀ, row-major, 16-bit. A block owns BLOCK_M × BLOCK_N of C. Its warpgroup 0 is the producer: one
// thread brings tiles by TMA into a ring of stages. CONSUMERS warpgroups own BLOCK_M / CONSUMERS rows each, multiply by
// wgmma, and have the registers that the producer gives up; C leaves from them.
#include "kernels/common/ptx/registers.cuh"
#include "kernels/gemm/hopper/pipeline.cuh"
#include "kernels/gemm/hopper/roles/roles.hpp"
#include "kernels/gemm/hopper/step.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

template <Element element, std::size_t TILE>
__global__ void __launch_bounds__(step_threads<gemm::hopper_roles_tile<TILE>, true>, 1)
    gemm_hopper_roles(const __grid_constant__ TensorMap map_a, const __grid_constant__ TensorMap map_b,
                      typename OperandType<element>::Output* __restrict__ C, int M, int N, int K) {
    using G = StepOperands<element, gemm::hopper_roles_tile<TILE>>;
    unsigned char* stages = dynamic_shared<unsigned char>();
    __shared__ std::uint64_t full[G::STAGES], empty[G::STAGES];

    // -- place
    const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, warpgroup = thread / 128;
    const TilePlace place = place_of_block<G>(M, N);
    const int steps = (K + G::BLOCK_K - 1) / G::BLOCK_K;
    if (thread == 0) init_barriers(full, empty, G::CONSUMERS * 4);
    __syncthreads();

    Ring<G::STAGES> ring;
    if (warpgroup == 0) {
        // -- load
        setmaxnreg_dec<PRODUCER_REGISTERS>();
        if (thread == 0)
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

    // -- multiply
    for (int step = 0, before = 0; step < steps; ++step, before = ring.stage, ring.next()) {
        const unsigned char* stage = stages + ring.stage * G::STAGE_BYTES;
        mbarrier_wait_parity(&full[ring.stage], ring.phase);
        multiply_stage<G>(acc, stage + consumer * G::ROWS * gemm::hopper_depth_bytes, stage + G::TILE_A, step > 0);
        // The instructions of this stage may go on while the stage before goes back.
        wgmma_wait_group<1>();
        if (step > 0) release(&empty[before], lane);
    }
    wgmma_wait_group<0>();

    // -- store
#pragma unroll
    for (int piece = 0; piece < G::PIECES; ++piece)
        store_from_registers(acc[piece], C, place.row + consumer * G::ROWS + piece * gemm::wgmma_rows, M, place.col, N,
                             1.0f, thread % 128);
}

std::vector<NativeInstance> gemm_hopper_roles() {
    NativeList list;
    for_each_tile<gemm::hopper_roles_tiles>([&]<gemm::HopperStepTile tile>() {
        for_each_16_bit([&]<Element element>() {
            list.add<gemm_hopper_roles<element, tile_index<gemm::hopper_roles_tiles>(tile)>>(
                "gemm_hopper_roles", text(tile) + ' ' + OperandType<element>::name + " nk");
        });
    });
    return std::move(list);
}

}  // namespace stele::gemm::ptx
