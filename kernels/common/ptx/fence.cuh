// ptx: fences between the generic proxy (plain loads and stores) and the asynchronous one (TMA, bulk copies, wgmma).
#pragma once

#include "kernels/common/ptx/where.cuh"

namespace stele::ptx {

/// Makes this thread's earlier generic writes visible to asynchronous reads, in all memory. sm_90.
/// PTX ISA, Parallel Synchronization and Communication Instructions: fence.proxy.async.
__device__ __forceinline__ void fence_proxy_async(Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::fence_proxy_async(where);
#else
    asm volatile("fence.proxy.async;" ::: "memory");
#endif
}

/// The same for shared memory of this block only. sm_90. PTX ISA: fence.proxy.async.shared::cta.
__device__ __forceinline__ void fence_proxy_async_shared(Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::fence_proxy_async_shared(where);
#else
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}

/// Makes this thread's mbarrier_init visible to the cluster and to asynchronous copies. sm_90.
/// PTX ISA: fence.mbarrier_init.release.cluster.
__device__ __forceinline__ void fence_mbarrier_init(Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::fence_mbarrier_init(where);
#else
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
#endif
}

/// Orders this thread's memory accesses for all threads of the cluster. sm_90. PTX ISA: fence.acq_rel.cluster.
__device__ __forceinline__ void fence_cluster(Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::fence_cluster(where);
#else
    asm volatile("fence.acq_rel.cluster;" ::: "memory");
#endif
}

}  // namespace stele::ptx
