// ptx: warp matrix multiply-accumulate, D[16, 8] = A[16, K] B[K, 8] + C[16, 8].
//
// A 32-bit register holds P = 32 / bits elements, low bits first; K = 8 P. With g = lane / 4 and t = lane % 4:
//   A register r, element j: row g + 8 (r % 2), column (t + 4 (r / 2)) P + j
//   B register r, element j: row (t + 4 r) P + j, column g
//   C accumulator i:         row g + 8 (i / 2), column 2 t + i % 2
// D and C may be the same array.
#pragma once

#include <cstdint>

#include "kernels/common/ptx/where.cuh"

namespace stele::ptx {

/// sm_80. PTX ISA, Multiply-and-Accumulate Instruction: mma, `.m16n8k16` with `.f16` operands.
__device__ __forceinline__ void mma_m16n8k16_f16_f32(float (&d)[4], const std::uint32_t (&a)[4],
                                                     const std::uint32_t (&b)[2], const float (&c)[4],
                                                     Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::mma_m16n8k16_f16_f32(d, a, b, c, where);
#else
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %11, %12, %13};"
        : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
#endif
}

/// sm_80. PTX ISA: mma, `.m16n8k16` with `.bf16` operands.
__device__ __forceinline__ void mma_m16n8k16_bf16_f32(float (&d)[4], const std::uint32_t (&a)[4],
                                                      const std::uint32_t (&b)[2], const float (&c)[4],
                                                      Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::mma_m16n8k16_bf16_f32(d, a, b, c, where);
#else
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %11, %12, %13};"
        : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
#endif
}

/// sm_80. PTX ISA: mma, `.m16n8k16` with `.f16` operands and accumulators, 2 r and 2 r + 1 in register r.
__device__ __forceinline__ void mma_m16n8k16_f16_f16(std::uint32_t (&d)[2], const std::uint32_t (&a)[4],
                                                     const std::uint32_t (&b)[2], const std::uint32_t (&c)[2],
                                                     Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::mma_m16n8k16_f16_f16(d, a, b, c, where);
#else
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 "
        "{%0, %1}, {%2, %3, %4, %5}, {%6, %7}, {%8, %9};"
        : "=r"(d[0]), "=r"(d[1])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(c[0]), "r"(c[1]));
#endif
}

/// sm_80. PTX ISA: mma, `.m16n8k8` with `.tf32` operands: f32 bits, the low 13 ignored.
__device__ __forceinline__ void mma_m16n8k8_tf32_f32(float (&d)[4], const std::uint32_t (&a)[4],
                                                     const std::uint32_t (&b)[2], const float (&c)[4],
                                                     Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::mma_m16n8k8_tf32_f32(d, a, b, c, where);
#else
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %11, %12, %13};"
        : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
#endif
}

/// sm_89. PTX ISA: mma, `.m16n8k32` with `.e4m3` operands.
__device__ __forceinline__ void mma_m16n8k32_e4m3_f32(float (&d)[4], const std::uint32_t (&a)[4],
                                                      const std::uint32_t (&b)[2], const float (&c)[4],
                                                      Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::mma_m16n8k32_e4m3_f32(d, a, b, c, where);
#else
    asm volatile(
        "mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %11, %12, %13};"
        : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(c[0]), "f"(c[1]), "f"(c[2]), "f"(c[3]));
#endif
}

/// sm_80. PTX ISA: mma, `.m16n8k32` with `.s8` operands; sums wrap at 32 bits.
__device__ __forceinline__ void mma_m16n8k32_s8_s32(std::int32_t (&d)[4], const std::uint32_t (&a)[4],
                                                    const std::uint32_t (&b)[2], const std::int32_t (&c)[4],
                                                    Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::mma_m16n8k32_s8_s32(d, a, b, c, where);
#else
    asm volatile(
        "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %11, %12, %13};"
        : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(c[0]), "r"(c[1]), "r"(c[2]), "r"(c[3]));
#endif
}

}  // namespace stele::ptx
