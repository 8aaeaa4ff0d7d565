// Elements as stored (float, half, bf16) and as computed with (float), in CUDA C++.
#pragma once

#include <cstring>

#include "kernels/common/native.cuh"

namespace stele {

__device__ __forceinline__ float to_float(float value) { return value; }
__device__ __forceinline__ float to_float(half value) { return __half2float(value); }
__device__ __forceinline__ float to_float(bf16 value) { return __bfloat162float(value); }

/// Rounds to nearest even.
template <typename T>
__device__ __forceinline__ T from_float(float value);
template <>
__device__ __forceinline__ float from_float<float>(float value) {
    return value;
}
template <>
__device__ __forceinline__ half from_float<half>(float value) {
    return __float2half_rn(value);
}
template <>
__device__ __forceinline__ bf16 from_float<bf16>(float value) {
    return __float2bfloat16_rn(value);
}

/// The bits of `from` as another type of the same size.
template <typename To, typename From>
__device__ __forceinline__ To same_bits(const From& from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    memcpy(&to, &from, sizeof(To));
    return to;
}

/// Registers that hold four consecutive elements: Raw4<float> is 16 bytes, the others 8.
template <typename T>
struct Raw4Of {
    using type = uint2;
};
template <>
struct Raw4Of<float> {
    using type = uint4;
};
template <typename T>
using Raw4 = typename Raw4Of<T>::type;

template <typename T>
__device__ __forceinline__ float4 unpack(Raw4<T> raw);
template <>
__device__ __forceinline__ float4 unpack<float>(uint4 raw) {
    return same_bits<float4>(raw);
}
template <>
__device__ __forceinline__ float4 unpack<half>(uint2 raw) {
    const float2 low = __half22float2(same_bits<__half2>(raw.x)), high = __half22float2(same_bits<__half2>(raw.y));
    return make_float4(low.x, low.y, high.x, high.y);
}
template <>
__device__ __forceinline__ float4 unpack<bf16>(uint2 raw) {
    // bf16 is the upper half of a float.
    return make_float4(__uint_as_float(raw.x << 16), __uint_as_float(raw.x & 0xffff0000u), __uint_as_float(raw.y << 16),
                       __uint_as_float(raw.y & 0xffff0000u));
}

/// Rounds to nearest even.
template <typename T>
__device__ __forceinline__ Raw4<T> pack(float4 value);
template <>
__device__ __forceinline__ uint4 pack<float>(float4 value) {
    return same_bits<uint4>(value);
}
template <>
__device__ __forceinline__ uint2 pack<half>(float4 value) {
    return make_uint2(same_bits<unsigned>(__floats2half2_rn(value.x, value.y)),
                      same_bits<unsigned>(__floats2half2_rn(value.z, value.w)));
}
template <>
__device__ __forceinline__ uint2 pack<bf16>(float4 value) {
    return make_uint2(same_bits<unsigned>(__floats2bfloat162_rn(value.x, value.y)),
                      same_bits<unsigned>(__floats2bfloat162_rn(value.z, value.w)));
}

/// Four consecutive elements; `from` is aligned to their size.
template <typename T>
__device__ __forceinline__ float4 load4(const T* from) {
    return unpack<T>(*reinterpret_cast<const Raw4<T>*>(from));
}
template <typename T>
__device__ __forceinline__ void store4(T* to, float4 value) {
    *reinterpret_cast<Raw4<T>*>(to) = pack<T>(value);
}

}  // namespace stele
