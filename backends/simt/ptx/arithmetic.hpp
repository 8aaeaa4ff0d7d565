// What matrix instructions compute, for the registers of a whole warp at once. Pure functions.
//
// Products are exact. A floating-point instruction's sum over k is made in double and rounded once: nearer to the
// exact result than hardware, which cuts low bits of aligned products off (Fasi et al., PeerJ Comput. Sci. 7, 2021).
// Integer sums wrap, as without `.satfinite`.
#pragma once

#include <array>
#include <cstdint>

#include "backends/simt/ptx/numbers.hpp"

namespace stele::simt {

inline constexpr int warp_lanes = 32;

/// `count` 32-bit registers of each lane.
template <int count>
using WarpRegisters = std::array<std::array<std::uint32_t, count>, warp_lanes>;
template <int count>
using WarpFloats = std::array<std::array<float, count>, warp_lanes>;

/// sum[rows, n] += a[rows, k] b[k, n], row-major.
void multiply_add(int rows, int n, int k, const double* a, const double* b, double* sum);

/// A warp's A[16, 256 / bits] fragment as a row-major matrix.
void unpack_a(Element element, const WarpRegisters<4>& a, double* matrix);

/// D[16, 8] = A[16, K] B[K, 8] + C; K is 256 / bits of the element.
WarpFloats<4> mma_f32(Element element, const WarpRegisters<4>& a, const WarpRegisters<2>& b, const WarpFloats<4>& c);
/// The same for s8, in wrapping 32-bit integers.
WarpRegisters<4> mma_s32(const WarpRegisters<4>& a, const WarpRegisters<2>& b, const WarpRegisters<4>& c);
/// f16 in, f16 accumulators two to a register.
WarpRegisters<2> mma_f16(const WarpRegisters<4>& a, const WarpRegisters<2>& b, const WarpRegisters<2>& c);

/// What ldmatrix gives a lane from one 8 x 8 matrix of 16-bit elements, `rows[i]` being row i.
std::uint32_t ldmatrix_register(const std::array<std::array<std::uint16_t, 8>, 8>& rows, int lane, bool transposed);

}  // namespace stele::simt
