// Asking the hardware until it says yes. Kernels built with STELE_WAIT_LIMIT, in nanoseconds, give up after that time:
// they say where they wait and trap, so that a hang is an error with a place.
#pragma once

#include <cstdint>

#ifdef STELE_WAIT_LIMIT
#include "backends/wait_place.hpp"
#include "kernels/common/ptx/address.cuh"
#include "kernels/common/ptx/trap.cuh"
#endif

#ifdef STELE_WAIT_LIMIT

/// The wait_place of every file of kernels in this library. The CUDA backend finds it by its name.
extern "C" inline stele::WaitPlaceSymbols* stele_wait_places() {
    static stele::WaitPlaceSymbols all;
    return &all;
}

namespace stele::ptx {

/// Host memory for this file's kernels, which outlives the trap. Not printf: a call serialises every wgmma (C7510), and
/// then it would be another kernel that is found right.
static __device__ WaitPlace* wait_place = nullptr;
static __device__ unsigned wait_place_is_taken = 0;
static const bool wait_place_is_listed = (stele_wait_places()->push_back(&wait_place), true);

/// The first thread that comes here tells where it waits and ends the grid.
__device__ __forceinline__ void give_up(const std::uint64_t* barrier, std::uint32_t parity) {
    if (atomicExch(&wait_place_is_taken, 1u) != 0) return;
    if (wait_place != nullptr)
        *wait_place = {{blockIdx.x, blockIdx.y, blockIdx.z},
                       {threadIdx.x, threadIdx.y, threadIdx.z},
                       shared_address(barrier),
                       parity,
                       true};
    fence_system();
    trap();
}

/// Until `ended()`, which asks `barrier` for the end of the phase of that parity.
template <typename Ended>
__device__ __forceinline__ void spin(const std::uint64_t* barrier, std::uint32_t parity, Ended&& ended) {
    const std::uint64_t begin = global_timer();
    while (!ended())
        if (global_timer() - begin > STELE_WAIT_LIMIT) give_up(barrier, parity);
}

}  // namespace stele::ptx

#else

namespace stele::ptx {

/// Until `ended()`.
template <typename Ended>
__device__ __forceinline__ void spin(const std::uint64_t*, std::uint32_t, Ended&& ended) {
    while (!ended()) {
    }
}

}  // namespace stele::ptx

#endif
