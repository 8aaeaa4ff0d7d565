// Values that are infinite or no number: a weight of 0 makes NaN of them, so that matrix instructions, which cannot
// select, must not meet them where a row does not see them.
#pragma once

#include <cstdint>

#include "kernels/common/half.cuh"

namespace stele::attention {

/// Whether one of two neighbours is.
template <typename T>
__device__ __forceinline__ bool any_nonfinite(std::uint32_t two) {
    constexpr std::uint32_t low = std::is_same_v<T, half> ? 0x7c00u : 0x7f80u, high = low << 16;
    return (two & low) == low || (two & high) == high;
}
template <typename T>
__device__ __forceinline__ bool any_nonfinite(const uint4& eight) {
    return any_nonfinite<T>(eight.x) || any_nonfinite<T>(eight.y) || any_nonfinite<T>(eight.z) ||
           any_nonfinite<T>(eight.w);
}

/// Zeros in their place.
template <typename T>
__device__ __forceinline__ std::uint32_t finite_of(std::uint32_t two) {
    if (any_nonfinite<T>(two << 16)) two &= 0xffff0000u;
    return any_nonfinite<T>(two & 0xffff0000u) ? two & 0xffffu : two;
}
template <typename T>
__device__ __forceinline__ uint4 finite_of(const uint4& eight) {
    return make_uint4(finite_of<T>(eight.x), finite_of<T>(eight.y), finite_of<T>(eight.z), finite_of<T>(eight.w));
}

}  // namespace stele::attention
