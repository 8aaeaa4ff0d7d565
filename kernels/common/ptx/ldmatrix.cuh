// ptx: 8 x 8 matrices of 16-bit elements between shared memory and the fragments of mma.sync.
//
// Lane 8 i + r gives the address of row r of matrix i (16 bytes, aligned to 16); register i receives matrix i: lane l
// holds elements (l / 4, 2 (l % 4)) and the one right of it, or of the transpose with `_trans`.
// x1 reads the addresses of lanes 0…7, x2 of lanes 0…15, x4 of all.
#pragma once

#include "kernels/common/ptx/address.cuh"

namespace stele::ptx {

/// sm_75. PTX ISA, Matrix Multiply-Accumulate Instructions: ldmatrix.
__device__ __forceinline__ void ldmatrix_x1(std::uint32_t (&matrix)[1], const void* row,
                                            Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::ldmatrix_x1(matrix, row, where);
#else
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];"
                 : "=r"(matrix[0])
                 : "r"(shared_address(row))
                 : "memory");
#endif
}

/// sm_75. PTX ISA: ldmatrix.
__device__ __forceinline__ void ldmatrix_x2(std::uint32_t (&matrix)[2], const void* row,
                                            Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::ldmatrix_x2(matrix, row, where);
#else
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
                 : "=r"(matrix[0]), "=r"(matrix[1])
                 : "r"(shared_address(row))
                 : "memory");
#endif
}

/// sm_75. PTX ISA: ldmatrix.
__device__ __forceinline__ void ldmatrix_x4(std::uint32_t (&matrix)[4], const void* row,
                                            Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::ldmatrix_x4(matrix, row, where);
#else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(matrix[0]), "=r"(matrix[1]), "=r"(matrix[2]), "=r"(matrix[3])
                 : "r"(shared_address(row))
                 : "memory");
#endif
}

/// sm_75. PTX ISA: ldmatrix, `.trans`.
__device__ __forceinline__ void ldmatrix_x1_trans(std::uint32_t (&matrix)[1], const void* row,
                                                  Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::ldmatrix_x1_trans(matrix, row, where);
#else
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];"
                 : "=r"(matrix[0])
                 : "r"(shared_address(row))
                 : "memory");
#endif
}

/// sm_75. PTX ISA: ldmatrix, `.trans`.
__device__ __forceinline__ void ldmatrix_x2_trans(std::uint32_t (&matrix)[2], const void* row,
                                                  Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::ldmatrix_x2_trans(matrix, row, where);
#else
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
                 : "=r"(matrix[0]), "=r"(matrix[1])
                 : "r"(shared_address(row))
                 : "memory");
#endif
}

/// sm_75. PTX ISA: ldmatrix, `.trans`.
__device__ __forceinline__ void ldmatrix_x4_trans(std::uint32_t (&matrix)[4], const void* row,
                                                  Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::ldmatrix_x4_trans(matrix, row, where);
#else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(matrix[0]), "=r"(matrix[1]), "=r"(matrix[2]), "=r"(matrix[3])
                 : "r"(shared_address(row))
                 : "memory");
#endif
}

/// sm_90. PTX ISA: stmatrix, the way back.
__device__ __forceinline__ void stmatrix_x1(void* row, const std::uint32_t (&matrix)[1],
                                            Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::stmatrix_x1(row, matrix, where);
#else
    asm volatile("stmatrix.sync.aligned.m8n8.x1.shared.b16 [%0], {%1};"
                 :
                 : "r"(shared_address(row)), "r"(matrix[0])
                 : "memory");
#endif
}

/// sm_90. PTX ISA: stmatrix.
__device__ __forceinline__ void stmatrix_x2(void* row, const std::uint32_t (&matrix)[2],
                                            Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::stmatrix_x2(row, matrix, where);
#else
    asm volatile("stmatrix.sync.aligned.m8n8.x2.shared.b16 [%0], {%1, %2};"
                 :
                 : "r"(shared_address(row)), "r"(matrix[0]), "r"(matrix[1])
                 : "memory");
#endif
}

/// sm_90. PTX ISA: stmatrix.
__device__ __forceinline__ void stmatrix_x4(void* row, const std::uint32_t (&matrix)[4],
                                            Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::stmatrix_x4(row, matrix, where);
#else
    asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};"
                 :
                 : "r"(shared_address(row)), "r"(matrix[0]), "r"(matrix[1]), "r"(matrix[2]), "r"(matrix[3])
                 : "memory");
#endif
}

/// sm_90. PTX ISA: stmatrix, `.trans`.
__device__ __forceinline__ void stmatrix_x1_trans(void* row, const std::uint32_t (&matrix)[1],
                                                  Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::stmatrix_x1_trans(row, matrix, where);
#else
    asm volatile("stmatrix.sync.aligned.m8n8.x1.trans.shared.b16 [%0], {%1};"
                 :
                 : "r"(shared_address(row)), "r"(matrix[0])
                 : "memory");
#endif
}

/// sm_90. PTX ISA: stmatrix, `.trans`.
__device__ __forceinline__ void stmatrix_x2_trans(void* row, const std::uint32_t (&matrix)[2],
                                                  Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::stmatrix_x2_trans(row, matrix, where);
#else
    asm volatile("stmatrix.sync.aligned.m8n8.x2.trans.shared.b16 [%0], {%1, %2};"
                 :
                 : "r"(shared_address(row)), "r"(matrix[0]), "r"(matrix[1])
                 : "memory");
#endif
}

/// sm_90. PTX ISA: stmatrix, `.trans`.
__device__ __forceinline__ void stmatrix_x4_trans(void* row, const std::uint32_t (&matrix)[4],
                                                  Where where = Where::current()) {
#ifdef STELE_SIMT
    simt::stmatrix_x4_trans(row, matrix, where);
#else
    asm volatile("stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1, %2, %3, %4};"
                 :
                 : "r"(shared_address(row)), "r"(matrix[0]), "r"(matrix[1]), "r"(matrix[2]), "r"(matrix[3])
                 : "memory");
#endif
}

}  // namespace stele::ptx
