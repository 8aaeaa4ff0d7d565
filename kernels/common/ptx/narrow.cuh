// Conversions from and to e4m3, two numbers at a time. One function an instruction.
#pragma once

#include <cstdint>

#ifdef STELE_SIMT
#include "backends/simt/ptx/instructions.hpp"
#else
#include <cuda_fp16.h>
#include <cuda_fp8.h>
#endif

namespace stele::ptx {

/// cvt.rn.satfinite.e4m3x2.f32 (PTX ISA, "cvt"): `high` in the upper eight bits; beyond ±448 it is that. sm_89.
__device__ __forceinline__ std::uint16_t cvt_rn_satfinite_e4m3x2_f32(float high, float low) {
#ifdef STELE_SIMT
    return simt::cvt_rn_satfinite_e4m3x2_f32(high, low);
#else
    std::uint16_t d;
    asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(d) : "f"(high), "f"(low));
    return d;
#endif
}

/// cvt.rn.f16x2.e4m3x2 (PTX ISA, "cvt"): exact. sm_89; below it CUDA's own code for the same.
__device__ __forceinline__ std::uint32_t cvt_rn_f16x2_e4m3x2(std::uint16_t two) {
#ifdef STELE_SIMT
    return simt::cvt_rn_f16x2_e4m3x2(two);
#elif defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 890
    std::uint32_t d;
    asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(d) : "h"(two));
    return d;
#else
    const __half2_raw raw = __nv_cvt_fp8x2_to_halfraw2(two, __NV_E4M3);
    return static_cast<std::uint32_t>(raw.y) << 16 | raw.x;
#endif
}

}  // namespace stele::ptx
