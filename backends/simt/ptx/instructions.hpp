// PTX instructions as the CPU executes them: one function for each in kernels/common/ptx/, of the same name.
//
// Asynchronous instructions happen as late as the rules allow, and memory that is being written to holds all-ones (NaN
// in every float format) from the moment of issue, so that reading it too early or writing it too soon gives a wrong
// result. Operands that hardware would refuse end the launch by name. docs/simt.md says what is modelled.
#pragma once

#include <cstdint>

#include "backends/simt/cuda_headers/stele_simt_vectors.h"
#include "backends/simt/executor/block.hpp"
#include "backends/simt/ptx/layout.hpp"
#include "backends/simt/ptx/numbers.hpp"
#include "backends/tensor_map.hpp"

namespace stele::simt {

namespace defect {
inline constexpr std::string_view invalid_operand = "invalid operand";
inline constexpr std::string_view missing_fence = "missing fence";
inline constexpr std::string_view missing_wait = "missing wait";
}  // namespace defect

// -- Loads and stores ----------------------------------------------------------------------------------------------
uint4 ld_global_nc_v4_b32(const void* from, Where where);
uint4 ld_global_nc_l1_v4_b32(const void* from, Where where);
uint2 ld_global_nc_v2_b32(const void* from, Where where);
std::uint32_t ld_global_nc_b32(const void* from, Where where);
std::uint16_t ld_global_nc_b16(const void* from, Where where);
void prefetch_global_l2(const void* from, Where where);
void st_global_cs_v4_b32(void* to, uint4 value, Where where);
void st_global_cs_v2_b32(void* to, uint2 value, Where where);
void st_global_cs_b32(void* to, std::uint32_t value, Where where);
void st_global_cs_b16(void* to, std::uint16_t value, Where where);
uint4 ld_shared_v4_b32(const void* from, Where where);
uint2 ld_shared_v2_b32(const void* from, Where where);
std::uint32_t ld_shared_b32(const void* from, Where where);
void st_shared_v4_b32(void* to, uint4 value, Where where);
void st_shared_v2_b32(void* to, uint2 value, Where where);
void st_shared_b32(void* to, std::uint32_t value, Where where);

// -- Arithmetic: correctly rounded where hardware approximates -------------------------------------------------------
float fma_rn_f32(float a, float b, float c);
std::uint32_t fma_rn_f16x2(std::uint32_t a, std::uint32_t b, std::uint32_t c);
float mul_rn_f32(float a, float b);
float max_f32(float a, float b);
float ex2_approx_ftz_f32(float x);
float lg2_approx_ftz_f32(float x);
float rcp_approx_ftz_f32(float x);
std::uint32_t cvt_rn_f16x2_f32(float high, float low);
std::uint32_t cvt_rn_bf16x2_f32(float high, float low);
float cvt_f32_f16(std::uint16_t x);
std::uint16_t cvt_rn_satfinite_e4m3x2_f32(float high, float low);
std::uint32_t cvt_rn_f16x2_e4m3x2(std::uint16_t two);

// -- Exchange within a warp ------------------------------------------------------------------------------------------
std::uint32_t shfl_sync_bfly_b32(std::uint32_t value, std::uint32_t lane_mask, std::uint32_t members, Where where);
std::uint32_t shfl_sync_down_b32(std::uint32_t value, std::uint32_t delta, std::uint32_t members, Where where);
std::uint32_t shfl_sync_up_b32(std::uint32_t value, std::uint32_t delta, std::uint32_t members, Where where);
std::uint32_t shfl_sync_idx_b32(std::uint32_t value, std::uint32_t lane, std::uint32_t members, Where where);
std::uint32_t vote_sync_ballot_b32(bool predicate, std::uint32_t members, Where where);
bool vote_sync_any(bool predicate, std::uint32_t members, Where where);
bool vote_sync_all(bool predicate, std::uint32_t members, Where where);

// -- cp.async --------------------------------------------------------------------------------------------------------
void cp_async_cg_16(void* shared, const void* global, std::uint32_t source_bytes, Where where);
void cp_async_ca_16(void* shared, const void* global, std::uint32_t source_bytes, Where where);
void cp_async_ca_8(void* shared, const void* global, std::uint32_t source_bytes, Where where);
void cp_async_ca_4(void* shared, const void* global, std::uint32_t source_bytes, Where where);
void cp_async_commit_group(Where where);
void cp_async_wait_group(int pending, Where where);
void cp_async_wait_all(Where where);
void cp_async_mbarrier_arrive_noinc(std::uint64_t* barrier, Where where);

// -- Matrices of a warp ----------------------------------------------------------------------------------------------
void ldmatrix_x1(std::uint32_t (&matrix)[1], const void* row, Where where);
void ldmatrix_x2(std::uint32_t (&matrix)[2], const void* row, Where where);
void ldmatrix_x4(std::uint32_t (&matrix)[4], const void* row, Where where);
void ldmatrix_x1_trans(std::uint32_t (&matrix)[1], const void* row, Where where);
void ldmatrix_x2_trans(std::uint32_t (&matrix)[2], const void* row, Where where);
void ldmatrix_x4_trans(std::uint32_t (&matrix)[4], const void* row, Where where);
void stmatrix_x1(void* row, const std::uint32_t (&matrix)[1], Where where);
void stmatrix_x2(void* row, const std::uint32_t (&matrix)[2], Where where);
void stmatrix_x4(void* row, const std::uint32_t (&matrix)[4], Where where);
void stmatrix_x1_trans(void* row, const std::uint32_t (&matrix)[1], Where where);
void stmatrix_x2_trans(void* row, const std::uint32_t (&matrix)[2], Where where);
void stmatrix_x4_trans(void* row, const std::uint32_t (&matrix)[4], Where where);
void mma_m16n8k16_f16_f32(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2], const float (&c)[4],
                          Where where);
void mma_m16n8k16_bf16_f32(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2], const float (&c)[4],
                           Where where);
void mma_m16n8k16_f16_f16(std::uint32_t (&d)[2], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                          const std::uint32_t (&c)[2], Where where);
void mma_m16n8k8_tf32_f32(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2], const float (&c)[4],
                          Where where);
void mma_m16n8k32_e4m3_f32(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2], const float (&c)[4],
                           Where where);
void mma_m16n8k32_s8_s32(std::int32_t (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                         const std::int32_t (&c)[4], Where where);

// -- Barriers and fences ---------------------------------------------------------------------------------------------
void barrier_sync(std::uint32_t id, std::uint32_t threads, Where where);
void barrier_arrive(std::uint32_t id, std::uint32_t threads, Where where);
void griddepcontrol_launch_dependents(Where where);
void griddepcontrol_wait(Where where);
void fence_proxy_async(Where where);
void fence_proxy_async_shared(Where where);
void fence_mbarrier_init(Where where);
void fence_cluster(Where where);
void setmaxnreg_inc(int count, Where where);
void setmaxnreg_dec(int count, Where where);

void mbarrier_init(std::uint64_t* barrier, std::uint32_t count, Where where);
void mbarrier_invalidate(std::uint64_t* barrier, Where where);
void mbarrier_arrive(std::uint64_t* barrier, Where where);
void mbarrier_arrive_expect_tx(std::uint64_t* barrier, std::uint32_t bytes, Where where);
void mbarrier_expect_tx(std::uint64_t* barrier, std::uint32_t bytes, Where where);
bool mbarrier_test_wait_parity(std::uint64_t* barrier, std::uint32_t parity, Where where);
bool mbarrier_try_wait_parity(std::uint64_t* barrier, std::uint32_t parity, Where where);
void mbarrier_wait_parity(std::uint64_t* barrier, std::uint32_t parity, Where where);
void mbarrier_wait_parity_cluster(std::uint64_t* barrier, std::uint32_t parity, Where where);
void mbarrier_arrive_cluster(std::uint32_t barrier, Where where);
void mbarrier_arrive_expect_tx_cluster(std::uint32_t barrier, std::uint32_t bytes, Where where);

// -- Clusters (arrive and wait are in block.hpp) ---------------------------------------------------------------------
std::uint32_t cluster_rank();
std::uint32_t cluster_size();
std::uint32_t mapa(const void* shared, std::uint32_t rank, Where where);
float ld_shared_cluster_f32(std::uint32_t address, Where where);
void st_shared_cluster_f32(std::uint32_t address, float value, Where where);

// -- Bulk copies and tensor tiles ------------------------------------------------------------------------------------
void bulk_load(void* shared, const void* global, std::uint32_t bytes, std::uint64_t* barrier, Where where);
void bulk_load_multicast(void* shared, const void* global, std::uint32_t bytes, std::uint64_t* barrier,
                         std::uint16_t blocks, Where where);
void bulk_copy_cluster(std::uint32_t target, const void* shared, std::uint32_t bytes, std::uint32_t barrier,
                       Where where);
void bulk_store(void* global, const void* shared, std::uint32_t bytes, Where where);
void bulk_reduce_add_f32(float* global, const float* shared, std::uint32_t bytes, Where where);
void bulk_commit_group(Where where);
void bulk_wait_group(int pending, Where where);
void bulk_wait_group_read(int pending, Where where);

void prefetch_tensor_map(const TensorMap& map, Where where);
void tma_load_2d(void* shared, const TensorMap& map, std::uint64_t* barrier, int c0, int c1, Where where);
void tma_load_3d(void* shared, const TensorMap& map, std::uint64_t* barrier, int c0, int c1, int c2, Where where);
void tma_load_4d(void* shared, const TensorMap& map, std::uint64_t* barrier, int c0, int c1, int c2, int c3,
                 Where where);
void tma_load_2d_multicast(void* shared, const TensorMap& map, std::uint64_t* barrier, std::uint16_t blocks, int c0,
                           int c1, Where where);
void tma_load_3d_multicast(void* shared, const TensorMap& map, std::uint64_t* barrier, std::uint16_t blocks, int c0,
                           int c1, int c2, Where where);
void tma_store_2d(const TensorMap& map, const void* shared, int c0, int c1, Where where);
void tma_store_3d(const TensorMap& map, const void* shared, int c0, int c1, int c2, Where where);
void tma_store_4d(const TensorMap& map, const void* shared, int c0, int c1, int c2, int c3, Where where);

// -- wgmma -----------------------------------------------------------------------------------------------------------

/// Which wgmma: N, the operands' elements, which are MN-major, which negated.
struct WgmmaForm {
    Element element = Element::f16;
    int n = 64;
    bool a_mn_major = false, b_mn_major = false, negate_a = false, negate_b = false;
    bool operator==(const WgmmaForm&) const = default;
};

std::uint64_t wgmma_descriptor(const void* tile, std::uint32_t leading_offset, std::uint32_t stride_offset,
                               Swizzle swizzle, Where where);
void wgmma_fence(Where where);
void wgmma_commit_group(Where where);
void wgmma_wait_group(int pending, Where where);
/// `d` holds n / 2 accumulators: floats, or std::int32_t for s8.
void wgmma(void* d, const WgmmaForm& form, std::uint64_t a, std::uint64_t b, bool accumulate, Where where);
void wgmma(void* d, const WgmmaForm& form, const std::uint32_t (&a)[4], std::uint64_t b, bool accumulate, Where where);

}  // namespace stele::simt
