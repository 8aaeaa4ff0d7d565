// Asynchronous copies from global to shared memory, sm_80 and later (PTX ISA, "cp.async").
//
// A copy reads `source_bytes` from global memory and fills the rest of its size with zeros, so that a tile's edge needs
// no branch; with 0 bytes the global address is not read, but must still be a valid pointer's value. What was copied
// may be read after the wait for its group, and by other threads after a barrier behind that.
#pragma once

#include <cstdint>

#include "kernels/common/ptx/address.cuh"

namespace stele::ptx {

/// cp.async.cg, 16 bytes, cached in L2 only. Both addresses are 16-byte aligned.
__device__ __forceinline__ void cp_async_cg_16(void* shared, const void* global, std::uint32_t source_bytes = 16,
                                               Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::cp_async_cg_16(shared, global, source_bytes, where);
#else
    asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"(shared_address(shared)),
                 "l"(__cvta_generic_to_global(global)), "r"(source_bytes)
                 : "memory");
#endif
}

/// cp.async.ca, 16 bytes, cached in L1 too. Both addresses are 16-byte aligned.
__device__ __forceinline__ void cp_async_ca_16(void* shared, const void* global, std::uint32_t source_bytes = 16,
                                               Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::cp_async_ca_16(shared, global, source_bytes, where);
#else
    asm volatile("cp.async.ca.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(shared)),
                 "l"(__cvta_generic_to_global(global)), "r"(source_bytes)
                 : "memory");
#endif
}

/// cp.async.ca, 8 bytes. Both addresses are 8-byte aligned.
__device__ __forceinline__ void cp_async_ca_8(void* shared, const void* global, std::uint32_t source_bytes = 8,
                                              Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::cp_async_ca_8(shared, global, source_bytes, where);
#else
    asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;" ::"r"(shared_address(shared)),
                 "l"(__cvta_generic_to_global(global)), "r"(source_bytes)
                 : "memory");
#endif
}

/// cp.async.ca, 4 bytes. Both addresses are 4-byte aligned.
__device__ __forceinline__ void cp_async_ca_4(void* shared, const void* global, std::uint32_t source_bytes = 4,
                                              Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::cp_async_ca_4(shared, global, source_bytes, where);
#else
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(shared_address(shared)),
                 "l"(__cvta_generic_to_global(global)), "r"(source_bytes)
                 : "memory");
#endif
}

/// cp.async.commit_group: this thread's copies since the last commit become one group; an empty group is complete.
__device__ __forceinline__ void cp_async_commit_group(Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::cp_async_commit_group(where);
#else
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/// cp.async.wait_group: until at most `pending` of this thread's latest groups are unfinished.
template <int pending>
__device__ __forceinline__ void cp_async_wait_group(Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::cp_async_wait_group(pending, where);
#else
    asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
#endif
}

/// cp.async.wait_all: until all of this thread's copies are finished, committed or not.
__device__ __forceinline__ void cp_async_wait_all(Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::cp_async_wait_all(where);
#else
    asm volatile("cp.async.wait_all;" ::: "memory");
#endif
}

}  // namespace stele::ptx
