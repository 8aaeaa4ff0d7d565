// Every ptx/ function for sm_80 and later, called once, so that each is compiled and assembled.
#include <cuda_runtime.h>

#include "kernels/common/ptx/barrier.cuh"
#include "kernels/common/ptx/cp_async.cuh"
#include "kernels/common/ptx/ldmatrix.cuh"
#include "kernels/common/ptx/math.cuh"
#include "kernels/common/ptx/memory.cuh"
#include "kernels/common/ptx/mma.cuh"
#include "kernels/common/ptx/shuffle.cuh"

using namespace stele::ptx;

__global__ void matrices(float* out, const uint4* in) {
    __shared__ uint4 tile[64];
    cp_async_cg_16(&tile[threadIdx.x], in + threadIdx.x);
    cp_async_ca_16(&tile[threadIdx.x], in + threadIdx.x, 4);
    cp_async_ca_8(&tile[threadIdx.x], in + threadIdx.x);
    cp_async_ca_4(&tile[threadIdx.x], in + threadIdx.x);
    cp_async_commit_group();
    cp_async_wait_group<0>();
    cp_async_wait_all();
    barrier_sync(1, 64);
    barrier_arrive(2, 64);
    barrier_sync(2, 64);
    std::uint32_t one[1], two[2], b[2], a[4], half[2] = {};
    ldmatrix_x1(one, &tile[threadIdx.x]);
    ldmatrix_x1_trans(one, &tile[one[0] % 64]);
    ldmatrix_x2(two, &tile[one[0] % 64]);
    ldmatrix_x2_trans(b, &tile[two[1] % 64]);
    ldmatrix_x4(a, &tile[two[0] % 64]);
    ldmatrix_x4_trans(a, &tile[a[0] % 64]);
    float acc[4] = {};
    std::int32_t sum[4] = {};
    mma_m16n8k16_f16_f32(acc, a, b, acc);
    mma_m16n8k16_bf16_f32(acc, a, b, acc);
    mma_m16n8k16_f16_f16(half, a, b, half);
    mma_m16n8k8_tf32_f32(acc, a, b, acc);
    mma_m16n8k32_s8_s32(sum, a, b, sum);
    for (int i = 0; i < 4; ++i) out[i * 32 + threadIdx.x] = acc[i] + static_cast<float>(sum[i] + half[i / 2]);
}

__global__ void scalars(float* out, uint4* words) {
    __shared__ alignas(16) uint4 tile[32];
    const uint4 v4 = ld_global_nc_v4_b32(words + threadIdx.x), l1 = ld_global_nc_l1_v4_b32(words + threadIdx.x);
    const uint2 v2 = ld_global_nc_v2_b32(words + threadIdx.x);
    const std::uint32_t v1 = ld_global_nc_b32(words) + ld_global_nc_b16(words);
    prefetch_global_l2(words);
    st_shared_v4_b32(tile + threadIdx.x, v4);
    st_shared_v2_b32(tile + threadIdx.x, v2);
    st_shared_b32(tile + threadIdx.x, v1 + l1.x);
    const uint4 s4 = ld_shared_v4_b32(tile + threadIdx.x);
    st_global_cs_v4_b32(words + threadIdx.x, s4);
    st_global_cs_v2_b32(words + 32 + threadIdx.x, ld_shared_v2_b32(tile + threadIdx.x));
    st_global_cs_b32(words + 64 + threadIdx.x, ld_shared_b32(tile + threadIdx.x));
    st_global_cs_b16(words + 96 + threadIdx.x, static_cast<std::uint16_t>(v1));
    float x = out[threadIdx.x];
    x = fma_rn_f32(x, mul_rn_f32(x, x), max_f32(x, 1.0f));
    words[160 + threadIdx.x].x = fma_rn_f16x2(v4.x, v4.y, v4.z);
    x = ex2_approx_ftz_f32(x) + lg2_approx_ftz_f32(x) + rcp_approx_ftz_f32(x);
    x += cvt_f32_f16(static_cast<std::uint16_t>(cvt_rn_f16x2_f32(x, x) + cvt_rn_bf16x2_f32(x, x)));
    x += shfl_sync_bfly(x, 1) + shfl_sync_down(x, 2) + shfl_sync_idx(x, 3);
    x += static_cast<float>(shfl_sync_bfly_b32(v1, 1) + shfl_sync_down_b32(v1, 1) + shfl_sync_idx_b32(v1, 1));
    x += static_cast<float>(shfl_sync_up_b32(v1, 1) + vote_sync_ballot_b32(x > 0));
    out[threadIdx.x] = vote_sync_any(x > 0) && vote_sync_all(x < 9) ? x : -x;
}
