// Storage types as f32 and back, for libraries that compute in f32.
#pragma once

#include <cstdint>

#include "kernels/tensor.hpp"

namespace stele {

/// to[count] = from[count] of f16 or bf16, exactly; on all cores. std::logic_error for other types.
void widen(Dtype dtype, const void* from, std::int64_t count, float* to);
/// to[count] of f16 or bf16 = from[count], rounded to nearest even.
void narrow(Dtype dtype, const float* from, std::int64_t count, void* to);

}  // namespace stele
