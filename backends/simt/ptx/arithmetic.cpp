#include "backends/simt/ptx/arithmetic.hpp"

#include <cstddef>

#include "backends/simt/ptx/layout.hpp"

namespace stele::simt {

namespace {

std::uint32_t element_of(std::uint32_t value, int j, int bits) {
    return bits == 32 ? value : value >> (j * bits) & ((1u << bits) - 1);
}

/// The exact sum A B of one warp instruction, row-major [16, 8].
std::array<double, 128> products(Element element, const WarpRegisters<4>& a, const WarpRegisters<2>& b) {
    const int bits = bits_of(element), per_register = 32 / bits, k = 8 * per_register;
    std::array<double, 16 * 32> matrix_a;
    std::array<double, 32 * 8> matrix_b;
    unpack_a(element, a, matrix_a.data());
    for (int lane = 0; lane < warp_lanes; ++lane)
        for (int r = 0; r < 2; ++r)
            for (int j = 0; j < per_register; ++j) {
                const auto [row, column] = place_in_b(lane, r, j, per_register);
                matrix_b[static_cast<std::size_t>(row * 8 + column)] = decode(element, element_of(b[lane][r], j, bits));
            }
    std::array<double, 128> sum{};
    multiply_add(16, 8, k, matrix_a.data(), matrix_b.data(), sum.data());
    return sum;
}

double at_place(const std::array<double, 128>& matrix, int lane, int i) {
    const auto [row, column] = place_in_c(lane, i);
    return matrix[static_cast<std::size_t>(row * 8 + column)];
}

}  // namespace

void multiply_add(int rows, int n, int k, const double* a, const double* b, double* sum) {
    for (int row = 0; row < rows; ++row) {
        double* out = sum + row * n;
        for (int i = 0; i < k; ++i) {
            const double factor = a[row * k + i];
            const double* in = b + i * n;
            for (int column = 0; column < n; ++column) out[column] += factor * in[column];
        }
    }
}

void unpack_a(Element element, const WarpRegisters<4>& a, double* matrix) {
    const int bits = bits_of(element), per_register = 32 / bits, k = 8 * per_register;
    for (int lane = 0; lane < warp_lanes; ++lane)
        for (int r = 0; r < 4; ++r)
            for (int j = 0; j < per_register; ++j) {
                const auto [row, column] = place_in_a(lane, r, j, per_register);
                matrix[row * k + column] = decode(element, element_of(a[lane][r], j, bits));
            }
}

WarpFloats<4> mma_f32(Element element, const WarpRegisters<4>& a, const WarpRegisters<2>& b, const WarpFloats<4>& c) {
    const auto sum = products(element, a, b);
    WarpFloats<4> d;
    for (int lane = 0; lane < warp_lanes; ++lane)
        for (int i = 0; i < 4; ++i) d[lane][i] = static_cast<float>(c[lane][i] + at_place(sum, lane, i));
    return d;
}

WarpRegisters<4> mma_s32(const WarpRegisters<4>& a, const WarpRegisters<2>& b, const WarpRegisters<4>& c) {
    const auto sum = products(Element::s8, a, b);
    WarpRegisters<4> d;
    for (int lane = 0; lane < warp_lanes; ++lane)
        for (int i = 0; i < 4; ++i)
            d[lane][i] = c[lane][i] + static_cast<std::uint32_t>(static_cast<std::int32_t>(at_place(sum, lane, i)));
    return d;
}

WarpRegisters<2> mma_f16(const WarpRegisters<4>& a, const WarpRegisters<2>& b, const WarpRegisters<2>& c) {
    const auto sum = products(Element::f16, a, b);
    WarpRegisters<2> d{};
    for (int lane = 0; lane < warp_lanes; ++lane)
        for (int i = 0; i < 4; ++i) {
            const double start = decode(Element::f16, element_of(c[lane][i / 2], i % 2, 16));
            d[lane][i / 2] |= static_cast<std::uint32_t>(encode_f16(start + at_place(sum, lane, i))) << (16 * (i % 2));
        }
    return d;
}

std::uint32_t ldmatrix_register(const std::array<std::array<std::uint16_t, 8>, 8>& rows, int lane, bool transposed) {
    const int row = lane / 4, column = 2 * (lane % 4);
    const std::uint32_t low = transposed ? rows[column][row] : rows[row][column];
    const std::uint32_t high = transposed ? rows[column + 1][row] : rows[row][column + 1];
    return low | high << 16;
}

}  // namespace stele::simt
