// ptx: named barriers of a block, and the hand-over between dependent grids.
#pragma once

#include <cstdint>

#include "kernels/common/ptx/where.cuh"

namespace stele::ptx {

/// Waits until `threads` threads (a multiple of 32, counted by whole warps) have arrived at barrier `id` (0…15; 0 is
/// __syncthreads). PTX ISA, Parallel Synchronization and Communication Instructions: barrier.sync (bar.sync).
__device__ __forceinline__ void barrier_sync(std::uint32_t id, std::uint32_t threads, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::barrier_sync(id, threads, where);
#else
    asm volatile("barrier.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
#endif
}

/// Arrives at barrier `id` without waiting. PTX ISA: barrier.arrive (bar.arrive).
__device__ __forceinline__ void barrier_arrive(std::uint32_t id, std::uint32_t threads,
                                               Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::barrier_arrive(id, threads, where);
#else
    asm volatile("barrier.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
#endif
}

/// Lets the next grid in the stream start before this one ends. sm_90. PTX ISA: griddepcontrol.launch_dependents.
__device__ __forceinline__ void griddepcontrol_launch_dependents(Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::griddepcontrol_launch_dependents(where);
#else
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

/// Waits until the grids that this one depends on have ended and their writes are visible. sm_90.
/// PTX ISA: griddepcontrol.wait.
__device__ __forceinline__ void griddepcontrol_wait(Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::griddepcontrol_wait(where);
#else
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

}  // namespace stele::ptx
