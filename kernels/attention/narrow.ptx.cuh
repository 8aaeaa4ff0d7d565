// e4m3 as attention's kernels see it: an element that is widened when it is read, with a factor for each head, and O in
// bf16.
#pragma once

#include <cuda_fp8.h>

#include "kernels/attention/vectors.ptx.cuh"
#include "kernels/common/ptx/narrow.cuh"

namespace stele {

using e4m3 = __nv_fp8_e4m3;

template <>
inline constexpr const char* dtype_name<e4m3> = "e4m3";

template <>
struct Raw4Of<e4m3> {
    using type = std::uint32_t;
};
template <>
__device__ __forceinline__ float4 unpack<e4m3>(std::uint32_t raw) {
    return unpack<half>(make_uint2(ptx::cvt_rn_f16x2_e4m3x2(static_cast<std::uint16_t>(raw)),
                                   ptx::cvt_rn_f16x2_e4m3x2(static_cast<std::uint16_t>(raw >> 16))));
}

namespace ptx {
template <>
__device__ __forceinline__ float4 load_shared4<e4m3>(const e4m3* from) {
    return unpack<e4m3>(ld_shared_b32(from));
}
}  // namespace ptx

}  // namespace stele

namespace stele::attention::ptx {

template <typename T>
inline constexpr bool has_scales = std::is_same_v<T, e4m3>;

/// The type of O where Q, K and V are T. A name that compilers for the host and for the device mangle alike.
template <typename T>
struct OutputOf {
    using type = T;
};
template <>
struct OutputOf<e4m3> {
    using type = bf16;
};

/// Elements 4 · index … 4 · index + 3 of 16.
template <>
__device__ __forceinline__ float4 four_of<e4m3>(const uint4& raw, int index) {
    return unpack<e4m3>(index == 0 ? raw.x : index == 1 ? raw.y : index == 2 ? raw.z : raw.w);
}

/// A head's factor; 1 where there are none.
template <typename T>
__device__ __forceinline__ float head_scale(const float* scales, int head) {
    if constexpr (has_scales<T>) return __uint_as_float(ld_global_nc_b32(scales + head));
    return 1.0f;
}

/// value times a head's factor.
template <typename T>
__device__ __forceinline__ float4 scaled_by_head(const float4& value, const float* scales, int head) {
    if constexpr (has_scales<T>) return scaled(value, head_scale<T>(scales, head));
    return value;
}

/// Bit 7 of each of four bytes that is no number.
__device__ __forceinline__ std::uint32_t nan_bits(std::uint32_t four) {
    return ((four & 0x7f7f7f7fu) + 0x01010101u) & 0x80808080u;
}

/// Bytes 0 to 3 of four words, as four words: byte r of word c is byte c of word r.
__device__ __forceinline__ void transpose_bytes(std::uint32_t (&words)[4]) {
    const std::uint32_t low01 = __byte_perm(words[0], words[1], 0x5140),
                        high01 = __byte_perm(words[0], words[1], 0x7362);
    const std::uint32_t low23 = __byte_perm(words[2], words[3], 0x5140),
                        high23 = __byte_perm(words[2], words[3], 0x7362);
    words[0] = __byte_perm(low01, low23, 0x5410);
    words[1] = __byte_perm(low01, low23, 0x7632);
    words[2] = __byte_perm(high01, high23, 0x5410);
    words[3] = __byte_perm(high01, high23, 0x7632);
}

}  // namespace stele::attention::ptx
