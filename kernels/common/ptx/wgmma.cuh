// ptx: what surrounds a warpgroup's matrix instructions. The instructions themselves are wgmma() in wgmma_f32.cuh and
// wgmma_s32.cuh; all of it is sm_90a. Four warps execute each function together, the first one's index a multiple of 4.
//
// Order: write operands; wgmma_fence; wgmma …; wgmma_commit_group; wgmma_wait_group; only then read accumulators and
// overwrite operands. Accumulator i of lane l in warp w of the warpgroup is
//   row 16 w + l / 4 + 8 (i / 2 % 2), column 8 (i / 4) + 2 (l % 4) + i % 2,
// and A in registers has for each warp the layout of mma.sync's A.
#pragma once

#include "kernels/common/ptx/address.cuh"

namespace stele::ptx {

#ifdef STELE_SIMT
using Element = simt::Element;
using Swizzle = simt::Swizzle;
#else
/// What the elements of both operands are.
enum class Element { f16, bf16, tf32, e4m3, e5m2, s8 };
/// How 16-byte pieces of operands are permuted in shared memory; the values are the descriptor's bits 62 and 63.
enum class Swizzle : std::uint8_t { none = 0, bytes_128 = 1, bytes_64 = 2, bytes_32 = 3 };
#endif

/// Which index of an operand is contiguous in shared memory: k, or m (of A) and n (of B). Only 16-bit elements may have
/// the latter.
enum class Major : bool { k, mn };

/// A matrix descriptor for the operand at `tile`, offsets in bytes. What the offsets lead to:
///   K-major, swizzled     stride: the next 8 rows (columns of B);  leading: unused
///   K-major, no swizzle   stride: the next 8 rows;                 leading: the next 16 bytes of k
///   MN-major, swizzled    stride: the next 8 values of k;          leading: the next swizzle width of m or n
///   MN-major, no swizzle  stride: the next 16 bytes of m or n;     leading: the next 8 values of k
/// PTX ISA, Asynchronous Warpgroup Level Matrix Instructions: Matrix Descriptor Format.
__device__ __forceinline__ std::uint64_t wgmma_descriptor(const void* tile, std::uint32_t leading_offset,
                                                          std::uint32_t stride_offset, Swizzle swizzle,
                                                          Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::wgmma_descriptor(tile, leading_offset, stride_offset, swizzle, where);
#else
    return static_cast<std::uint64_t>((shared_address(tile) & 0x3ffff) >> 4) |
           static_cast<std::uint64_t>((leading_offset & 0x3ffff) >> 4) << 16 |
           static_cast<std::uint64_t>((stride_offset & 0x3ffff) >> 4) << 32 | static_cast<std::uint64_t>(swizzle) << 62;
#endif
}

/// The descriptor of the operand that begins `bytes` further on.
__device__ __forceinline__ std::uint64_t wgmma_advance(std::uint64_t descriptor, std::uint32_t bytes) {
    return descriptor + (bytes >> 4);
}

/// Orders this warp's accesses to registers before the wgmmas that follow. PTX ISA: wgmma.fence.
__device__ __forceinline__ void wgmma_fence(Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::wgmma_fence(where);
#else
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}

/// Makes the wgmmas since the last commit a group. PTX ISA: wgmma.commit_group.
__device__ __forceinline__ void wgmma_commit_group(Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::wgmma_commit_group(where);
#else
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
}

/// Waits until at most the last `pending` groups are unfinished. PTX ISA: wgmma.wait_group.
template <int pending>
__device__ __forceinline__ void wgmma_wait_group(Where where = Where::current()) {
    static_assert(pending >= 0 && pending <= 7, "wgmma.wait_group takes 0 to 7");
#ifdef STELE_SIMT
    simt::wgmma_wait_group(pending, where);
#else
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(pending) : "memory");
#endif
}

}  // namespace stele::ptx
