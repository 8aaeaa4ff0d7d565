// Loads and stores of global and shared memory with vector widths and cache hints. One function an instruction.
#pragma once

#include <cstdint>

#include "kernels/common/ptx/address.cuh"

namespace stele::ptx {

/// ld.global.nc (PTX ISA, "ld.global.nc"): 16 bytes that no thread writes while the kernel runs, kept out of L1, with
/// the rest of their 128 bytes fetched into L2. `from` is 16-byte aligned.
__device__ __forceinline__ uint4 ld_global_nc_v4_b32(const void* from, Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::ld_global_nc_v4_b32(from, where);
#else
    uint4 value;
    asm("ld.global.nc.L1::no_allocate.L2::128B.v4.b32 {%0, %1, %2, %3}, [%4];"
        : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w)
        : "l"(__cvta_generic_to_global(from)));
    return value;
#endif
}

/// As above, through L1: for data that the block's threads read again.
__device__ __forceinline__ uint4 ld_global_nc_l1_v4_b32(const void* from, Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::ld_global_nc_l1_v4_b32(from, where);
#else
    uint4 value;
    asm("ld.global.nc.L2::128B.v4.b32 {%0, %1, %2, %3}, [%4];"
        : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w)
        : "l"(__cvta_generic_to_global(from)));
    return value;
#endif
}

/// ld.global.nc, 8 bytes; `from` is 8-byte aligned.
__device__ __forceinline__ uint2 ld_global_nc_v2_b32(const void* from, Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::ld_global_nc_v2_b32(from, where);
#else
    uint2 value;
    asm("ld.global.nc.v2.b32 {%0, %1}, [%2];" : "=r"(value.x), "=r"(value.y) : "l"(__cvta_generic_to_global(from)));
    return value;
#endif
}

/// ld.global.nc, 4 bytes.
__device__ __forceinline__ std::uint32_t ld_global_nc_b32(const void* from, Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::ld_global_nc_b32(from, where);
#else
    std::uint32_t value;
    asm("ld.global.nc.b32 %0, [%1];" : "=r"(value) : "l"(__cvta_generic_to_global(from)));
    return value;
#endif
}

/// ld.global.nc, 2 bytes.
__device__ __forceinline__ std::uint16_t ld_global_nc_b16(const void* from, Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::ld_global_nc_b16(from, where);
#else
    std::uint16_t value;
    asm("ld.global.nc.b16 %0, [%1];" : "=h"(value) : "l"(__cvta_generic_to_global(from)));
    return value;
#endif
}

/// prefetch.global.L2 (PTX ISA, "prefetch"): asks for the line of `from`; never faults, has no result.
__device__ __forceinline__ void prefetch_global_l2(const void* from, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::prefetch_global_l2(from, where);
#else
    asm volatile("prefetch.global.L2 [%0];" ::"l"(__cvta_generic_to_global(from)));
#endif
}

/// st.global.cs (PTX ISA, "st", cache operator .cs): 16 bytes that nobody reads soon. `to` is 16-byte aligned.
__device__ __forceinline__ void st_global_cs_v4_b32(void* to, uint4 value, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::st_global_cs_v4_b32(to, value, where);
#else
    asm volatile("st.global.cs.v4.b32 [%0], {%1, %2, %3, %4};" ::"l"(__cvta_generic_to_global(to)), "r"(value.x),
                 "r"(value.y), "r"(value.z), "r"(value.w)
                 : "memory");
#endif
}

/// st.global.cs, 8 bytes; `to` is 8-byte aligned.
__device__ __forceinline__ void st_global_cs_v2_b32(void* to, uint2 value, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::st_global_cs_v2_b32(to, value, where);
#else
    asm volatile("st.global.cs.v2.b32 [%0], {%1, %2};" ::"l"(__cvta_generic_to_global(to)), "r"(value.x), "r"(value.y)
                 : "memory");
#endif
}

/// st.global.cs, 4 bytes.
__device__ __forceinline__ void st_global_cs_b32(void* to, std::uint32_t value, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::st_global_cs_b32(to, value, where);
#else
    asm volatile("st.global.cs.b32 [%0], %1;" ::"l"(__cvta_generic_to_global(to)), "r"(value) : "memory");
#endif
}

/// st.global.cs, 2 bytes.
__device__ __forceinline__ void st_global_cs_b16(void* to, std::uint16_t value, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::st_global_cs_b16(to, value, where);
#else
    asm volatile("st.global.cs.b16 [%0], %1;" ::"l"(__cvta_generic_to_global(to)), "h"(value) : "memory");
#endif
}

/// ld.shared (PTX ISA, "ld"): 16 bytes; `from` points to shared memory and is 16-byte aligned.
__device__ __forceinline__ uint4 ld_shared_v4_b32(const void* from, Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::ld_shared_v4_b32(from, where);
#else
    uint4 value;
    asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w)
                 : "r"(shared_address(from))
                 : "memory");
    return value;
#endif
}

/// ld.shared, 8 bytes; `from` is 8-byte aligned.
__device__ __forceinline__ uint2 ld_shared_v2_b32(const void* from, Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::ld_shared_v2_b32(from, where);
#else
    uint2 value;
    asm volatile("ld.shared.v2.b32 {%0, %1}, [%2];"
                 : "=r"(value.x), "=r"(value.y)
                 : "r"(shared_address(from))
                 : "memory");
    return value;
#endif
}

/// ld.shared, 4 bytes.
__device__ __forceinline__ std::uint32_t ld_shared_b32(const void* from, Where where = Where::current()) {
#ifdef STELE_SIMT
    return simt::ld_shared_b32(from, where);
#else
    std::uint32_t value;
    asm volatile("ld.shared.b32 %0, [%1];" : "=r"(value) : "r"(shared_address(from)) : "memory");
    return value;
#endif
}

/// st.shared (PTX ISA, "st"): 16 bytes; `to` points to shared memory and is 16-byte aligned.
__device__ __forceinline__ void st_shared_v4_b32(void* to, uint4 value, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::st_shared_v4_b32(to, value, where);
#else
    asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(shared_address(to)), "r"(value.x), "r"(value.y),
                 "r"(value.z), "r"(value.w)
                 : "memory");
#endif
}

/// st.shared, 8 bytes; `to` is 8-byte aligned.
__device__ __forceinline__ void st_shared_v2_b32(void* to, uint2 value, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::st_shared_v2_b32(to, value, where);
#else
    asm volatile("st.shared.v2.b32 [%0], {%1, %2};" ::"r"(shared_address(to)), "r"(value.x), "r"(value.y) : "memory");
#endif
}

/// st.shared, 4 bytes.
__device__ __forceinline__ void st_shared_b32(void* to, std::uint32_t value, Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::st_shared_b32(to, value, where);
#else
    asm volatile("st.shared.b32 [%0], %1;" ::"r"(shared_address(to)), "r"(value) : "memory");
#endif
}

}  // namespace stele::ptx
