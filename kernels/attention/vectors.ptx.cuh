// Arithmetic on four elements at a time by PTX instructions, for attention's kernels.
#pragma once

#include "kernels/common/ptx_element.cuh"

namespace stele::attention::ptx {

using namespace stele::ptx;

/// ld.global.nc of four elements, as f32, through L1.
__device__ __forceinline__ float4 load_global4(const float* from) {
    return unpack<float>(ld_global_nc_l1_v4_b32(from));
}
template <typename T>
__device__ __forceinline__ float4 load_global4(const T* from) {
    return unpack<T>(ld_global_nc_v2_b32(from));
}

/// Elements 4 · index … 4 · index + 3 of 16 bytes, as f32.
template <typename T>
__device__ __forceinline__ float4 four_of(const uint4& raw, int index) {
    return unpack<T>(index == 0 ? make_uint2(raw.x, raw.y) : make_uint2(raw.z, raw.w));
}
template <>
__device__ __forceinline__ float4 four_of<float>(const uint4& raw, int) {
    return unpack<float>(raw);
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

}  // namespace stele::attention::ptx
