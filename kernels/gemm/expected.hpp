// What C must be: the reference's values and how far each may be off.
#pragma once

#include <span>

#include "kernels/gemm/problem.hpp"

namespace stele::gemm {

/// True where expected() only samples C.
bool is_sampled(const Shape& shape);
/// What expected() takes at its peak, in bytes, about.
double expected_bytes(const Shape& shape);

/// Problem::reference() of GEMM.
Expected expected(const Shape& shape, std::span<const Tensor> inputs, const Arithmetic& arithmetic);

/// Problem::probe() of GEMM: Freivalds' check of each product.
ProbeResult probe_products(const Shape& shape, std::span<const Tensor> inputs, const Tensor& c,
                           const Arithmetic& arithmetic);

}  // namespace stele::gemm
