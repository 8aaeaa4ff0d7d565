// What every .tile.cu file shares: CUDA Tile C++, and the types that its kernels are instantiated for. Kernels take a
// Dtype, and not the type that holds it: so a kernel has one name in machine code, whoever compiled it.
#pragma once

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
template <Dtype dtype>
using ElementOf = typename Element<dtype>::type;

}  // namespace stele
