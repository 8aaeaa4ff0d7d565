// What every .tile.cu file shares: CUDA Tile C++, and the types that its kernels are instantiated for. Kernels take a
// Dtype, and not the type that holds it: so a kernel has one name in machine code, whoever compiled it.
#pragma once

#include <cuda_fp8.h>
#include <cuda_tile.h>

#include "kernels/common/native.cuh"
#include "kernels/tensor.hpp"

namespace stele {

namespace ct = ::cuda::tiles;
using namespace ct::literals;

/// The type that holds an element.
template <Dtype dtype>
struct Element;
template <>
struct Element<Dtype::f32> {
    using type = float;
};
template <>
struct Element<Dtype::f16> {
    using type = half;
};
template <>
struct Element<Dtype::bf16> {
    using type = bf16;
};
template <>
struct Element<Dtype::e4m3> {
    using type = __nv_fp8_e4m3;
};
template <>
struct Element<Dtype::s8> {
    using type = signed char;
};
template <Dtype dtype>
using ElementOf = typename Element<dtype>::type;

/// The compiler of tiles has no 8-bit floats for architectures before sm_89.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 890
inline constexpr bool has_8_bit_floats = false;
#else
inline constexpr bool has_8_bit_floats = true;
#endif

/// Warps that a block's work is shared among, for the hint num_worker_warps_per_cta: a warpgroup of four for each 64
/// rows of its tile, at most two. Left alone the compiler takes four, and sums of 128 rows leave their registers.
template <int ROWS>
inline constexpr int worker_warps = ROWS > 64 ? 8 : 4;

}  // namespace stele
