// ptx: ending a grid that cannot go on. Not under simt, which ends such a launch by itself.
#pragma once

#include <cstdint>

namespace stele::ptx {

/// Nanoseconds since some moment, the same for all blocks. PTX ISA, Special Registers: %globaltimer.
__device__ __forceinline__ std::uint64_t global_timer() {
    std::uint64_t time;
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(time));
    return time;
}

/// What this thread wrote is seen by the host from here on. PTX ISA, Parallel Synchronization and Communication
/// Instructions: fence.acq_rel.sys.
__device__ __forceinline__ void fence_system() { asm volatile("fence.acq_rel.sys;" ::: "memory"); }

/// Ends the grid, and every later call of the process on this device, with an error. PTX ISA, Miscellaneous
/// Instructions: trap.
__device__ __forceinline__ void trap() { asm volatile("trap;" ::: "memory"); }

}  // namespace stele::ptx
