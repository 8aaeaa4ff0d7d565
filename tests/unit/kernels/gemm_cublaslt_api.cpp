// The declarations of cuBLASLt's ABI against its own header, where this machine has one.
#include "kernels/gemm/vendor/cublaslt_api.hpp"

#include <gtest/gtest.h>

#if __has_include(<cublasLt.h>) && __has_include(<cuda_runtime_api.h>)
#include <cublasLt.h>

namespace stele::cublaslt::gemm_cublaslt_api_test {

static_assert(type_f32 == CUDA_R_32F && type_f16 == CUDA_R_16F && type_bf16 == CUDA_R_16BF);
static_assert(type_e4m3 == CUDA_R_8F_E4M3);
static_assert(compute_f32 == CUBLAS_COMPUTE_32F && compute_tf32 == CUBLAS_COMPUTE_32F_FAST_TF32);
static_assert(no_transpose == CUBLAS_OP_N && transpose == CUBLAS_OP_T);
static_assert(description_transpose_a == CUBLASLT_MATMUL_DESC_TRANSA);
static_assert(description_transpose_b == CUBLASLT_MATMUL_DESC_TRANSB);
static_assert(description_scale_a == CUBLASLT_MATMUL_DESC_A_SCALE_POINTER);
static_assert(description_scale_b == CUBLASLT_MATMUL_DESC_B_SCALE_POINTER);
static_assert(description_fast_accumulation == CUBLASLT_MATMUL_DESC_FAST_ACCUM);
static_assert(layout_batch_count == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT);
static_assert(layout_batch_stride == CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET);
static_assert(preference_workspace_bytes == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES);
static_assert(preference_reduction_schemes == CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK);
static_assert(reduction_in_compute_type == CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE);
static_assert(sizeof(Algorithm) == sizeof(cublasLtMatmulAlgo_t));
static_assert(sizeof(HeuristicResult) == sizeof(cublasLtMatmulHeuristicResult_t));
static_assert(offsetof(HeuristicResult, workspace_bytes) == offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize));
static_assert(offsetof(HeuristicResult, status) == offsetof(cublasLtMatmulHeuristicResult_t, state));
static_assert(CUBLAS_STATUS_SUCCESS == 0 && sizeof(cublasStatus_t) == sizeof(Status));

TEST(GemmCublaslt, DeclarationsAgreeWithTheHeader) { SUCCEED() << "held at compile time"; }

}  // namespace stele::cublaslt::gemm_cublaslt_api_test
#else
TEST(GemmCublaslt, DeclarationsAgreeWithTheHeader) { GTEST_SKIP() << "cublasLt.h was not found at build"; }
#endif
