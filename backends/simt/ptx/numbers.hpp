// The number formats of matrix instructions, decoded and rounded exactly. Pure functions of bits.
//
// Source: PTX ISA, "Alternate Floating-Point Data Formats", and IEEE 754 for f16 and f32.
#pragma once

#include <cstdint>

namespace stele::simt {

/// What the elements of a matrix operand are.
enum class Element { f16, bf16, tf32, e4m3, e5m2, s8 };

/// Bits of one element as it lies in a register or in shared memory.
constexpr int bits_of(Element element) {
    switch (element) {
        case Element::f16:
        case Element::bf16:
            return 16;
        case Element::tf32:
            return 32;
        case Element::e4m3:
        case Element::e5m2:
        case Element::s8:
            return 8;
    }
    return 0;
}

/// The value of a binary format with `exponent_bits` and `mantissa_bits` below a sign bit. With `has_infinity` the
/// largest exponent is infinity and NaN; without it only the all-ones pattern is NaN (e4m3).
double decode_binary(std::uint32_t bits, int exponent_bits, int mantissa_bits, bool has_infinity);

/// The value of one element's bits. tf32 ignores the low 13 bits of its register, as the hardware does.
double decode(Element element, std::uint32_t bits);

/// Rounds to nearest, ties to even; overflow becomes infinity.
std::uint16_t encode_f16(double value);
/// The same for e4m3; overflow and infinities become ±448, NaN stays NaN.
std::uint8_t encode_e4m3(double value);

}  // namespace stele::simt
