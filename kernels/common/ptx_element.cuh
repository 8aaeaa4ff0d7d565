// Elements as stored (float, half, bf16) and as computed with (float), by PTX instructions.
#pragma once

#include "kernels/common/half.cuh"
#include "kernels/common/ptx/math.cuh"
#include "kernels/common/ptx/memory.cuh"

namespace stele::ptx {

/// One element that no thread writes while the kernel runs, as stored.
template <typename T>
__device__ __forceinline__ T load_raw(const T* from) {
    return same_bits<T>(ld_global_nc_b16(from));
}
template <>
__device__ __forceinline__ float load_raw<float>(const float* from) {
    return __uint_as_float(ld_global_nc_b32(from));
}

/// The same as a float.
template <typename T>
__device__ __forceinline__ float load_element(const T* from) {
    return to_float(load_raw(from));
}

/// Rounds to nearest even and stores past the caches.
template <typename T>
__device__ __forceinline__ void store_element(T* to, float value) {
    st_global_cs_b16(to, same_bits<std::uint16_t>(from_float<T>(value)));
}
template <>
__device__ __forceinline__ void store_element<float>(float* to, float value) {
    st_global_cs_b32(to, __float_as_uint(value));
}

/// Four consecutive elements of shared memory; `from` is aligned to their size.
template <typename T>
__device__ __forceinline__ float4 load_shared4(const T* from) {
    return unpack<T>(ld_shared_v2_b32(from));
}
template <>
__device__ __forceinline__ float4 load_shared4<float>(const float* from) {
    return unpack<float>(ld_shared_v4_b32(from));
}

/// Rounds four elements and stores them past the caches; `to` is aligned to their size.
template <typename T>
__device__ __forceinline__ void store4_streaming(T* to, float4 value) {
    st_global_cs_v2_b32(to, pack<T>(value));
}
template <>
__device__ __forceinline__ void store4_streaming<float>(float* to, float4 value) {
    st_global_cs_v4_b32(to, pack<float>(value));
}

}  // namespace stele::ptx
