// ptx: clusters, blocks that run together and reach each other's shared memory.
#pragma once

#include "kernels/common/ptx/address.cuh"

namespace stele::ptx {

/// This block's rank in its cluster. sm_90. PTX ISA, Special Registers: %cluster_ctarank.
__device__ __forceinline__ std::uint32_t cluster_rank() {
#ifdef STELE_SIMT
    return simt::cluster_rank();
#else
    std::uint32_t rank;
    asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return rank;
#endif
}

/// Blocks in the cluster; 1 without one. sm_90. PTX ISA, Special Registers: %cluster_nctarank.
__device__ __forceinline__ std::uint32_t cluster_size() {
#ifdef STELE_SIMT
    return simt::cluster_size();
#else
    std::uint32_t size;
    asm volatile("mov.u32 %0, %%cluster_nctarank;" : "=r"(size));
    return size;
#endif
}

/// Arrives at the cluster's barrier; what this thread wrote before is seen after the wait. sm_90.
/// PTX ISA, barrier.cluster: barrier.cluster.arrive.release.
__device__ __forceinline__ void cluster_arrive(Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::cluster_arrive(where);
#else
    asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory");
#endif
}

/// Waits until all threads of the cluster have arrived. sm_90. PTX ISA: barrier.cluster.wait.acquire.
__device__ __forceinline__ void cluster_wait(Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::cluster_wait(where);
#else
    asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory");
#endif
}

/// Both halves: a barrier of all threads of the cluster.
__device__ __forceinline__ void cluster_sync(Where where = Where::current()) {
    cluster_arrive(where);
    cluster_wait(where);
}

/// The cluster-window address of the same place in the shared memory of block `rank`. sm_90.
/// PTX ISA, Data Movement and Conversion Instructions: mapa.shared::cluster.
__device__ __forceinline__ std::uint32_t mapa(const void* shared, std::uint32_t rank, Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::mapa(shared, rank, where);
#else
    std::uint32_t address;
    asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(address) : "r"(shared_address(shared)), "r"(rank));
    return address;
#endif
}

/// Reads a float of another block's shared memory; `address` from mapa. sm_90. PTX ISA: ld.shared::cluster.
__device__ __forceinline__ float ld_shared_cluster_f32(std::uint32_t address, Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::ld_shared_cluster_f32(address, where);
#else
    float value;
    asm volatile("ld.shared::cluster.f32 %0, [%1];" : "=f"(value) : "r"(address) : "memory");
    return value;
#endif
}

/// Writes a float into another block's shared memory; `address` from mapa. sm_90. PTX ISA: st.shared::cluster.
__device__ __forceinline__ void st_shared_cluster_f32(std::uint32_t address, float value,
                                                      Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::st_shared_cluster_f32(address, value, where);
#else
    asm volatile("st.shared::cluster.f32 [%0], %1;" ::"r"(address), "f"(value) : "memory");
#endif
}

}  // namespace stele::ptx
