// ptx: tensor tiles by TMA. A TensorMap says where the tensor lies and how large a box is; coordinates give the box's
// first element, innermost dimension first. One thread issues a copy. Parts of a box outside the tensor are read as
// zero and not written. The box's place in shared memory is aligned to 128 bytes (1024 with the 128-byte swizzle).
#pragma once

#include "kernels/common/ptx/address.cuh"
#include "kernels/common/tensor_map.hpp"

namespace stele::ptx {

/// Fetches the map itself into its cache. sm_90. PTX ISA: prefetch.tensormap.
__device__ __forceinline__ void prefetch_tensor_map(const TensorMap& map, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::prefetch_tensor_map(map, where);
#else
    asm volatile("prefetch.tensormap [%0];" ::"l"(&map) : "memory");
#endif
}

/// Loads a box; `barrier` receives its bytes, those outside the tensor too. sm_90.
/// PTX ISA, Tensor Copy: cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.
__device__ __forceinline__ void tma_load_2d(void* shared, const TensorMap& map, std::uint64_t* barrier, int c0, int c1,
                                            Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::tma_load_2d(shared, map, barrier, c0, c1, where);
#else
    asm volatile(
        "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4}], "
        "[%2];" ::"r"(shared_address(shared)),
        "l"(&map), "r"(shared_address(barrier)), "r"(c0), "r"(c1)
        : "memory");
#endif
}

/// The same in three dimensions. PTX ISA: cp.async.bulk.tensor.3d.
__device__ __forceinline__ void tma_load_3d(void* shared, const TensorMap& map, std::uint64_t* barrier, int c0, int c1,
                                            int c2, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::tma_load_3d(shared, map, barrier, c0, c1, c2, where);
#else
    asm volatile(
        "cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
        "[%0], [%1, {%3, %4, %5}], [%2];" ::"r"(shared_address(shared)),
        "l"(&map), "r"(shared_address(barrier)), "r"(c0), "r"(c1), "r"(c2)
        : "memory");
#endif
}

/// The same in four dimensions. PTX ISA: cp.async.bulk.tensor.4d.
__device__ __forceinline__ void tma_load_4d(void* shared, const TensorMap& map, std::uint64_t* barrier, int c0, int c1,
                                            int c2, int c3, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::tma_load_4d(shared, map, barrier, c0, c1, c2, c3, where);
#else
    asm volatile(
        "cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
        "[%0], [%1, {%3, %4, %5, %6}], [%2];" ::"r"(shared_address(shared)),
        "l"(&map), "r"(shared_address(barrier)), "r"(c0), "r"(c1), "r"(c2), "r"(c3)
        : "memory");
#endif
}

/// Loads a box into the same place of every block of the cluster whose bit is set in `blocks`; each block's own barrier
/// at that place receives its bytes. sm_90. PTX ISA: cp.async.bulk.tensor, `.multicast::cluster`.
__device__ __forceinline__ void tma_load_2d_multicast(void* shared, const TensorMap& map, std::uint64_t* barrier,
                                                      std::uint16_t blocks, int c0, int c1,
                                                      Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::tma_load_2d_multicast(shared, map, barrier, blocks, c0, c1, where);
#else
    asm volatile(
        "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.multicast::cluster "
        "[%0], [%1, {%4, %5}], [%2], %3;" ::"r"(shared_address(shared)),
        "l"(&map), "r"(shared_address(barrier)), "h"(blocks), "r"(c0), "r"(c1)
        : "memory");
#endif
}

/// The same in three dimensions. PTX ISA: cp.async.bulk.tensor.3d, `.multicast::cluster`.
__device__ __forceinline__ void tma_load_3d_multicast(void* shared, const TensorMap& map, std::uint64_t* barrier,
                                                      std::uint16_t blocks, int c0, int c1, int c2,
                                                      Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::tma_load_3d_multicast(shared, map, barrier, blocks, c0, c1, c2, where);
#else
    asm volatile(
        "cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.multicast::cluster "
        "[%0], [%1, {%4, %5, %6}], [%2], %3;" ::"r"(shared_address(shared)),
        "l"(&map), "r"(shared_address(barrier)), "h"(blocks), "r"(c0), "r"(c1), "r"(c2)
        : "memory");
#endif
}

/// Stores a box as part of this thread's open bulk group (bulk_commit_group, bulk_wait_group). sm_90.
/// PTX ISA: cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group.
__device__ __forceinline__ void tma_store_2d(const TensorMap& map, const void* shared, int c0, int c1,
                                             Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::tma_store_2d(map, shared, c0, c1, where);
#else
    asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group [%0, {%2, %3}], [%1];" ::"l"(&map),
                 "r"(shared_address(shared)), "r"(c0), "r"(c1)
                 : "memory");
#endif
}

/// The same in three dimensions. PTX ISA: cp.async.bulk.tensor.3d.global.shared::cta.
__device__ __forceinline__ void tma_store_3d(const TensorMap& map, const void* shared, int c0, int c1, int c2,
                                             Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::tma_store_3d(map, shared, c0, c1, c2, where);
#else
    asm volatile("cp.async.bulk.tensor.3d.global.shared::cta.tile.bulk_group [%0, {%2, %3, %4}], [%1];" ::"l"(&map),
                 "r"(shared_address(shared)), "r"(c0), "r"(c1), "r"(c2)
                 : "memory");
#endif
}

/// The same in four dimensions. PTX ISA: cp.async.bulk.tensor.4d.global.shared::cta.
__device__ __forceinline__ void tma_store_4d(const TensorMap& map, const void* shared, int c0, int c1, int c2, int c3,
                                             Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::tma_store_4d(map, shared, c0, c1, c2, c3, where);
#else
    asm volatile("cp.async.bulk.tensor.4d.global.shared::cta.tile.bulk_group [%0, {%2, %3, %4, %5}], [%1];" ::"l"(&map),
                 "r"(shared_address(shared)), "r"(c0), "r"(c1), "r"(c2), "r"(c3)
                 : "memory");
#endif
}

}  // namespace stele::ptx
