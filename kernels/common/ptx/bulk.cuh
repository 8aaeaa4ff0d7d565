// ptx: one-dimensional bulk copies. Addresses and sizes are multiples of 16 bytes; one thread issues a copy.
#pragma once

#include "kernels/common/ptx/address.cuh"

namespace stele::ptx {

/// Copies `bytes` bytes; `barrier` receives them as transactions. sm_90.
/// PTX ISA, Asynchronous Copy: cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.
__device__ __forceinline__ void bulk_load(void* shared, const void* global, std::uint32_t bytes, std::uint64_t* barrier,
                                          Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::bulk_load(shared, global, bytes, barrier, where);
#else
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
                     shared_address(shared)),
                 "l"(global), "r"(bytes), "r"(shared_address(barrier))
                 : "memory");
#endif
}

/// The same into the same place of every block of the cluster whose bit is set in `blocks`; each block's own barrier
/// at that place receives its bytes. sm_90. PTX ISA: cp.async.bulk, `.multicast::cluster`.
__device__ __forceinline__ void bulk_load_multicast(void* shared, const void* global, std::uint32_t bytes,
                                                    std::uint64_t* barrier, std::uint16_t blocks,
                                                    Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::bulk_load_multicast(shared, global, bytes, barrier, blocks, where);
#else
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster [%0], [%1], %2, [%3], "
        "%4;" ::"r"(shared_address(shared)),
        "l"(global), "r"(bytes), "r"(shared_address(barrier)), "h"(blocks)
        : "memory");
#endif
}

/// Copies into another block's shared memory; `target` and `barrier` are addresses from mapa with the same rank. sm_90.
/// PTX ISA: cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes.
__device__ __forceinline__ void bulk_copy_cluster(std::uint32_t target, const void* shared, std::uint32_t bytes,
                                                  std::uint32_t barrier, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::bulk_copy_cluster(target, shared, bytes, barrier, where);
#else
    asm volatile(
        "cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(target),
        "r"(shared_address(shared)), "r"(bytes), "r"(barrier)
        : "memory");
#endif
}

/// Copies to global memory as part of this thread's open bulk group. The shared memory must not change before
/// bulk_wait_group_read. sm_90. PTX ISA: cp.async.bulk.global.shared::cta.bulk_group.
__device__ __forceinline__ void bulk_store(void* global, const void* shared, std::uint32_t bytes,
                                           Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::bulk_store(global, shared, bytes, where);
#else
    asm volatile("cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], %2;" ::"l"(global),
                 "r"(shared_address(shared)), "r"(bytes)
                 : "memory");
#endif
}

/// Adds floats to global memory, each atomically, as part of this thread's open bulk group. sm_90.
/// PTX ISA: cp.reduce.async.bulk.global.shared::cta.bulk_group.add.f32.
__device__ __forceinline__ void bulk_reduce_add_f32(float* global, const float* shared, std::uint32_t bytes,
                                                    Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::bulk_reduce_add_f32(global, shared, bytes, where);
#else
    asm volatile("cp.reduce.async.bulk.global.shared::cta.bulk_group.add.f32 [%0], [%1], %2;" ::"l"(global),
                 "r"(shared_address(shared)), "r"(bytes)
                 : "memory");
#endif
}

/// Closes this thread's open group of bulk stores (plain and tensor). sm_90. PTX ISA: cp.async.bulk.commit_group.
__device__ __forceinline__ void bulk_commit_group(Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::bulk_commit_group(where);
#else
    asm volatile("cp.async.bulk.commit_group;" ::: "memory");
#endif
}

/// Waits until all but the last `pending` groups of this thread are done: their writes have been made. sm_90.
/// PTX ISA: cp.async.bulk.wait_group.
template <int pending>
__device__ __forceinline__ void bulk_wait_group(Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::bulk_wait_group(pending, where);
#else
    asm volatile("cp.async.bulk.wait_group %0;" ::"n"(pending) : "memory");
#endif
}

/// Waits until all but the last `pending` groups have read their shared memory, which may then be written again. sm_90.
/// PTX ISA: cp.async.bulk.wait_group.read.
template <int pending>
__device__ __forceinline__ void bulk_wait_group_read(Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::bulk_wait_group_read(pending, where);
#else
    asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(pending) : "memory");
#endif
}

}  // namespace stele::ptx
