// ptx: mbarriers, the 64-bit objects in shared memory on which threads and asynchronous copies meet.
//
// A phase ends when `count` threads have arrived and the bytes expected have come; the next then begins by itself.
// Waiting with parity p passes once the last phase of that parity has ended: a fresh barrier is in phase 0, so that
// waiting on parity 1 passes at once, which is how a producer finds empty stages at first.
#pragma once

#include "kernels/common/ptx/address.cuh"
#include "kernels/common/spin.cuh"

namespace stele::ptx {

/// `count` arrivals to a phase. One thread does it; then fence_mbarrier_init or fence_proxy_async, then a barrier.
/// sm_80. PTX ISA, mbarrier: mbarrier.init.
__device__ __forceinline__ void mbarrier_init(std::uint64_t* barrier, std::uint32_t count,
                                              Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::mbarrier_init(barrier, count, where);
#else
    asm volatile("mbarrier.init.shared.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(count) : "memory");
#endif
}

/// Ends the barrier's life, so that its memory may be used for something else. sm_80. PTX ISA: mbarrier.inval.
__device__ __forceinline__ void mbarrier_invalidate(std::uint64_t* barrier, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::mbarrier_invalidate(barrier, where);
#else
    asm volatile("mbarrier.inval.shared.b64 [%0];" ::"r"(shared_address(barrier)) : "memory");
#endif
}

/// sm_80. PTX ISA: mbarrier.arrive (release, scope of the block).
__device__ __forceinline__ void mbarrier_arrive(std::uint64_t* barrier, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::mbarrier_arrive(barrier, where);
#else
    asm volatile("mbarrier.arrive.shared.b64 _, [%0];" ::"r"(shared_address(barrier)) : "memory");
#endif
}

/// Arrives, and lets the phase also wait for `bytes` bytes of asynchronous copies. sm_90.
/// PTX ISA: mbarrier.arrive.expect_tx.
__device__ __forceinline__ void mbarrier_arrive_expect_tx(std::uint64_t* barrier, std::uint32_t bytes,
                                                          Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::mbarrier_arrive_expect_tx(barrier, bytes, where);
#else
    asm volatile("mbarrier.arrive.expect_tx.shared.b64 _, [%0], %1;" ::"r"(shared_address(barrier)), "r"(bytes)
                 : "memory");
#endif
}

/// Lets the phase wait for `bytes` more without arriving. sm_90. PTX ISA: mbarrier.expect_tx.
__device__ __forceinline__ void mbarrier_expect_tx(std::uint64_t* barrier, std::uint32_t bytes,
                                                   Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::mbarrier_expect_tx(barrier, bytes, where);
#else
    asm volatile("mbarrier.expect_tx.relaxed.cta.shared.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(bytes)
                 : "memory");
#endif
}

/// Has the phase of this parity ended? Does not wait. sm_90. PTX ISA: mbarrier.test_wait.parity.
__device__ __forceinline__ bool mbarrier_test_wait_parity(std::uint64_t* barrier, std::uint32_t parity,
                                                          Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::mbarrier_test_wait_parity(barrier, parity, where);
#else
    std::uint32_t done;
    asm volatile(
        "{\n"
        ".reg .pred ended;\n"
        "mbarrier.test_wait.parity.shared.b64 ended, [%1], %2;\n"
        "selp.b32 %0, 1, 0, ended;\n"
        "}"
        : "=r"(done)
        : "r"(shared_address(barrier)), "r"(parity)
        : "memory");
    return done != 0;
#endif
}

/// The same, but the hardware may suspend the thread for a while first. sm_90. PTX ISA: mbarrier.try_wait.parity.
__device__ __forceinline__ bool mbarrier_try_wait_parity(std::uint64_t* barrier, std::uint32_t parity,
                                                         Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::mbarrier_try_wait_parity(barrier, parity, where);
#else
    std::uint32_t done;
    asm volatile(
        "{\n"
        ".reg .pred ended;\n"
        "mbarrier.try_wait.parity.shared.b64 ended, [%1], %2;\n"
        "selp.b32 %0, 1, 0, ended;\n"
        "}"
        : "=r"(done)
        : "r"(shared_address(barrier)), "r"(parity)
        : "memory");
    return done != 0;
#endif
}

/// mbarrier_try_wait_parity that also sees what threads of other blocks of the cluster did before they arrived. sm_90.
/// PTX ISA: mbarrier.try_wait.parity.acquire.cluster.
__device__ __forceinline__ bool mbarrier_try_wait_parity_cluster(std::uint64_t* barrier, std::uint32_t parity,
                                                                 Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::mbarrier_try_wait_parity(barrier, parity, where);
#else
    std::uint32_t done;
    asm volatile(
        "{\n"
        ".reg .pred ended;\n"
        "mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 ended, [%1], %2;\n"
        "selp.b32 %0, 1, 0, ended;\n"
        "}"
        : "=r"(done)
        : "r"(shared_address(barrier)), "r"(parity)
        : "memory");
    return done != 0;
#endif
}

/// The same, but it sees nothing of what those threads did: for arrivals that only say "done reading". The acquire form
/// empties the L1 cache on sm_90. sm_90. PTX ISA: mbarrier.try_wait.parity.relaxed.cluster.
__device__ __forceinline__ bool mbarrier_try_wait_parity_relaxed_cluster(std::uint64_t* barrier, std::uint32_t parity,
                                                                         Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::mbarrier_try_wait_parity(barrier, parity, where);
#else
    std::uint32_t done;
    asm volatile(
        "{\n"
        ".reg .pred ended;\n"
        "mbarrier.try_wait.parity.relaxed.cluster.shared::cta.b64 ended, [%1], %2;\n"
        "selp.b32 %0, 1, 0, ended;\n"
        "}"
        : "=r"(done)
        : "r"(shared_address(barrier)), "r"(parity)
        : "memory");
    return done != 0;
#endif
}

/// Waits until the phase of this parity has ended: mbarrier_try_wait_parity until it says so. sm_90.
__device__ __forceinline__ void mbarrier_wait_parity(std::uint64_t* barrier, std::uint32_t parity,
                                                     Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::mbarrier_wait_parity(barrier, parity, where);
#else
    spin(barrier, parity, [&] { return mbarrier_try_wait_parity(barrier, parity, where); });
#endif
}

/// The same with mbarrier_try_wait_parity_cluster. sm_90.
__device__ __forceinline__ void mbarrier_wait_parity_cluster(std::uint64_t* barrier, std::uint32_t parity,
                                                             Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::mbarrier_wait_parity_cluster(barrier, parity, where);
#else
    spin(barrier, parity, [&] { return mbarrier_try_wait_parity_cluster(barrier, parity, where); });
#endif
}

/// The same with mbarrier_try_wait_parity_relaxed_cluster. sm_90.
__device__ __forceinline__ void mbarrier_wait_parity_relaxed_cluster(std::uint64_t* barrier, std::uint32_t parity,
                                                                     Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::mbarrier_wait_parity_cluster(barrier, parity, where);
#else
    spin(barrier, parity, [&] { return mbarrier_try_wait_parity_relaxed_cluster(barrier, parity, where); });
#endif
}

/// Arrives on the barrier of another block of the cluster; `barrier` is an address from mapa. sm_90.
/// PTX ISA: mbarrier.arrive.release.cluster.shared::cluster.
__device__ __forceinline__ void mbarrier_arrive_cluster(std::uint32_t barrier, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::mbarrier_arrive_cluster(barrier, where);
#else
    asm volatile("mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%0];" ::"r"(barrier) : "memory");
#endif
}

/// The same without publishing what this thread wrote: it only says that the thread is done reading. Enough where the
/// asynchronous proxy alone has read (wgmma, waited for) and will write next; ordinary loads and stores want the
/// release form, which costs a GPU-wide fence on sm_90. sm_90. PTX ISA:
/// mbarrier.arrive.relaxed.cluster.shared::cluster.
__device__ __forceinline__ void mbarrier_arrive_relaxed_cluster(std::uint32_t barrier, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::mbarrier_arrive_cluster(barrier, where);
#else
    asm volatile("mbarrier.arrive.relaxed.cluster.shared::cluster.b64 _, [%0];" ::"r"(barrier) : "memory");
#endif
}

/// The same with bytes to expect. sm_90. PTX ISA: mbarrier.arrive.expect_tx.release.cluster.shared::cluster.
__device__ __forceinline__ void mbarrier_arrive_expect_tx_cluster(std::uint32_t barrier, std::uint32_t bytes,
                                                                  Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::mbarrier_arrive_expect_tx_cluster(barrier, bytes, where);
#else
    asm volatile("mbarrier.arrive.expect_tx.release.cluster.shared::cluster.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes)
                 : "memory");
#endif
}

/// The barrier receives one arrival when all cp.async that this thread has issued are done; the arrival is one of
/// `count`. sm_80. PTX ISA: cp.async.mbarrier.arrive.noinc.
__device__ __forceinline__ void cp_async_mbarrier_arrive_noinc(std::uint64_t* barrier, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::cp_async_mbarrier_arrive_noinc(barrier, where);
#else
    asm volatile("cp.async.mbarrier.arrive.noinc.shared.b64 [%0];" ::"r"(shared_address(barrier)) : "memory");
#endif
}

}  // namespace stele::ptx
