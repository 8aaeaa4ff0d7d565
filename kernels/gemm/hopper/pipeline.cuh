// The ring of stages between the thread that loads and the warpgroups that multiply.
//
// full[stage] ends its phase when the stage's bytes have come; empty[stage] when every warp that reads it has let it
// go, in all blocks of the cluster: a multicast writes into the neighbours' shared memory too.
#pragma once

#include "kernels/common/ptx/cluster.cuh"
#include "kernels/common/ptx/fence.cuh"
#include "kernels/common/ptx/mbarrier.cuh"
#include "kernels/common/ring.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

/// Registers a thread: 128 × 56 + 256 × 224 is what 384 threads start with, 168 each.
inline constexpr int PRODUCER_REGISTERS = 56, CONSUMER_REGISTERS = 224;

/// One thread does it; a barrier of the block, or of the cluster where there is one, must follow.
template <int STAGES>
__device__ __forceinline__ void init_barriers(std::uint64_t (&full)[STAGES], std::uint64_t (&empty)[STAGES],
                                              std::uint32_t readers) {
#pragma unroll
    for (int stage = 0; stage < STAGES; ++stage) {
        mbarrier_init(&full[stage], 1);
        mbarrier_init(&empty[stage], readers);
    }
    fence_mbarrier_init();
}

/// A warp lets a stage go, in its own block.
__device__ __forceinline__ void release(std::uint64_t* empty, int lane) {
    if (lane == 0) mbarrier_arrive(empty);
}

/// The same in every block of the cluster: a lane for each. Relaxed, as wgmma alone has read the stage: nothing that
/// this warp wrote is to be seen by the multicast that comes next.
__device__ __forceinline__ void release_in_cluster(std::uint64_t* empty, int lane, int blocks) {
    if (blocks == 1)
        release(empty, lane);
    else if (lane < blocks)
        mbarrier_arrive_relaxed_cluster(mapa(empty, static_cast<std::uint32_t>(lane)));
}

}  // namespace stele::gemm::ptx
