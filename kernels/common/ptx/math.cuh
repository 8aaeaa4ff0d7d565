// Arithmetic and conversions. One function an instruction.
#pragma once

#include <cstdint>

#ifdef STELE_SIMT
#include "backends/simt/ptx/instructions.hpp"
#endif

namespace stele::ptx {

/// fma.rn.f32 (PTX ISA, "fma"): a * b + c, rounded once.
__device__ __forceinline__ float fma_rn_f32(float a, float b, float c) {
#ifdef STELE_SIMT
    return simt::fma_rn_f32(a, b, c);
#else
    float d;
    asm("fma.rn.f32 %0, %1, %2, %3;" : "=f"(d) : "f"(a), "f"(b), "f"(c));
    return d;
#endif
}

/// fma.rn.f16x2 (PTX ISA, "fma"): two products of f16 added to two sums of f16, each rounded once.
__device__ __forceinline__ std::uint32_t fma_rn_f16x2(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
#ifdef STELE_SIMT
    return simt::fma_rn_f16x2(a, b, c);
#else
    std::uint32_t d;
    asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
    return d;
#endif
}

/// mul.rn.f32 (PTX ISA, "mul"): never contracted with an addition.
__device__ __forceinline__ float mul_rn_f32(float a, float b) {
#ifdef STELE_SIMT
    return simt::mul_rn_f32(a, b);
#else
    float d;
    asm("mul.rn.f32 %0, %1, %2;" : "=f"(d) : "f"(a), "f"(b));
    return d;
#endif
}

/// max.f32 (PTX ISA, "max"): the other operand where one is NaN.
__device__ __forceinline__ float max_f32(float a, float b) {
#ifdef STELE_SIMT
    return simt::max_f32(a, b);
#else
    float d;
    asm("max.f32 %0, %1, %2;" : "=f"(d) : "f"(a), "f"(b));
    return d;
#endif
}

/// ex2.approx.ftz.f32 (PTX ISA, "ex2"): 2^x, relative error at most 2^-22.5; ex2(-inf) = 0.
__device__ __forceinline__ float ex2_approx_ftz_f32(float x) {
#ifdef STELE_SIMT
    return simt::ex2_approx_ftz_f32(x);
#else
    float d;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(d) : "f"(x));
    return d;
#endif
}

/// lg2.approx.ftz.f32 (PTX ISA, "lg2"): log2(x), absolute error at most 2^-22 for x in [0.5, 2], relative 2^-22
/// elsewhere; lg2(0) = -inf.
__device__ __forceinline__ float lg2_approx_ftz_f32(float x) {
#ifdef STELE_SIMT
    return simt::lg2_approx_ftz_f32(x);
#else
    float d;
    asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(d) : "f"(x));
    return d;
#endif
}

/// rcp.approx.ftz.f32 (PTX ISA, "rcp"): 1 / x, at most 1 ulp off.
__device__ __forceinline__ float rcp_approx_ftz_f32(float x) {
#ifdef STELE_SIMT
    return simt::rcp_approx_ftz_f32(x);
#else
    float d;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(d) : "f"(x));
    return d;
#endif
}

/// cvt.rn.f16x2.f32 (PTX ISA, "cvt"): two f16 in one register, `low` in its lower half.
__device__ __forceinline__ std::uint32_t cvt_rn_f16x2_f32(float high, float low) {
#ifdef STELE_SIMT
    return simt::cvt_rn_f16x2_f32(high, low);
#else
    std::uint32_t d;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(d) : "f"(high), "f"(low));
    return d;
#endif
}

/// cvt.rn.bf16x2.f32 (PTX ISA, "cvt"): two bf16 in one register, `low` in its lower half. sm_80 and later.
__device__ __forceinline__ std::uint32_t cvt_rn_bf16x2_f32(float high, float low) {
#ifdef STELE_SIMT
    return simt::cvt_rn_bf16x2_f32(high, low);
#else
    std::uint32_t d;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(d) : "f"(high), "f"(low));
    return d;
#endif
}

/// cvt.f32.f16 (PTX ISA, "cvt"): exact.
__device__ __forceinline__ float cvt_f32_f16(std::uint16_t x) {
#ifdef STELE_SIMT
    return simt::cvt_f32_f16(x);
#else
    float d;
    asm("cvt.f32.f16 %0, %1;" : "=f"(d) : "h"(x));
    return d;
#endif
}

}  // namespace stele::ptx
