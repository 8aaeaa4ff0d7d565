// Four elements at a time through PTX loads and stores, and arithmetic on them, for attention's kernels.
#pragma once

#include "kernels/common/half.cuh"
#include "kernels/common/ptx/math.cuh"
#include "kernels/common/ptx/memory.cuh"

namespace stele::ptx {

/// ld.shared of four elements, as f32.
__device__ __forceinline__ float4 load_shared4(const float* from) { return unpack<float>(ld_shared_v4_b32(from)); }
template <typename T>
__device__ __forceinline__ float4 load_shared4(const T* from) {
    return unpack<T>(ld_shared_v2_b32(from));
}

/// ld.global.nc of four elements, as f32, through L1.
__device__ __forceinline__ float4 load_global4(const float* from) {
    return unpack<float>(ld_global_nc_l1_v4_b32(from));
}
template <typename T>
__device__ __forceinline__ float4 load_global4(const T* from) {
    return unpack<T>(ld_global_nc_v2_b32(from));
}

/// st.global.cs of four elements.
__device__ __forceinline__ void store_global4(float* to, float4 value) { st_global_cs_v4_b32(to, pack<float>(value)); }
template <typename T>
__device__ __forceinline__ void store_global4(T* to, float4 value) {
    st_global_cs_v2_b32(to, pack<T>(value));
}

/// value · factor.
__device__ __forceinline__ float4 scaled(const float4& value, float factor) {
    return make_float4(mul_rn_f32(value.x, factor), mul_rn_f32(value.y, factor), mul_rn_f32(value.z, factor),
                       mul_rn_f32(value.w, factor));
}

/// acc += factor · value.
__device__ __forceinline__ void add_scaled(float4& acc, float factor, const float4& value) {
    acc.x = fma_rn_f32(factor, value.x, acc.x);
    acc.y = fma_rn_f32(factor, value.y, acc.y);
    acc.z = fma_rn_f32(factor, value.z, acc.z);
    acc.w = fma_rn_f32(factor, value.w, acc.w);
}

}  // namespace stele::ptx
