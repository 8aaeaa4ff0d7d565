#include "backends/simt/ptx/numbers.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace stele::simt {

double decode_binary(std::uint32_t bits, int exponent_bits, int mantissa_bits, bool has_infinity) {
    const std::uint32_t mantissa_mask = (1u << mantissa_bits) - 1;
    const std::uint32_t exponent_mask = (1u << exponent_bits) - 1;
    const std::uint32_t mantissa = bits & mantissa_mask;
    const std::uint32_t exponent = (bits >> mantissa_bits) & exponent_mask;
    const double sign = (bits >> (mantissa_bits + exponent_bits)) & 1 ? -1.0 : 1.0;
    const int bias = (1 << (exponent_bits - 1)) - 1;
    if (exponent == exponent_mask) {
        if (has_infinity && mantissa == 0) return sign * std::numeric_limits<double>::infinity();
        if (has_infinity || mantissa == mantissa_mask) return std::numeric_limits<double>::quiet_NaN();
    }
    if (exponent == 0) return sign * std::ldexp(mantissa, 1 - bias - mantissa_bits);
    return sign * std::ldexp(mantissa + (1u << mantissa_bits), static_cast<int>(exponent) - bias - mantissa_bits);
}

namespace {

template <int Bits>
std::array<double, (1u << Bits)> decode_table(int exponent_bits, int mantissa_bits, bool has_infinity) {
    std::array<double, (1u << Bits)> table{};
    for (std::uint32_t bits = 0; bits < table.size(); ++bits)
        table[bits] = decode_binary(bits, exponent_bits, mantissa_bits, has_infinity);
    return table;
}

}  // namespace

double decode(Element element, std::uint32_t bits) {
    static const auto f16 = decode_table<16>(5, 10, true);
    static const auto e4m3 = decode_table<8>(4, 3, false);
    static const auto e5m2 = decode_table<8>(5, 2, true);
    switch (element) {
        case Element::f16:
            return f16[bits & 0xffff];
        case Element::bf16:
            return std::bit_cast<float>(bits << 16);
        case Element::tf32:
            return std::bit_cast<float>(bits & ~0x1fffu);
        case Element::e4m3:
            return e4m3[bits & 0xff];
        case Element::e5m2:
            return e5m2[bits & 0xff];
        case Element::s8:
            return static_cast<std::int8_t>(bits & 0xff);
    }
    return 0;
}

std::uint16_t encode_f16(double value) {
    const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
    if (std::isnan(value)) return 0x7fff;
    const double magnitude = std::fabs(value);
    if (magnitude >= 65520.0) return sign | 0x7c00;
    // One unit in the last place is 2^(exponent - 10), and never smaller than that of the subnormals.
    const int exponent = magnitude < std::ldexp(1.0, -14) ? -14 : std::ilogb(magnitude);
    const auto units = static_cast<std::uint32_t>(std::nearbyint(std::ldexp(magnitude, 10 - exponent)));
    // `units` holds the hidden bit; a carry out of it rightly steps the exponent.
    return static_cast<std::uint16_t>(sign + units + (static_cast<std::uint32_t>(exponent + 14) << 10));
}

std::uint8_t encode_e4m3(double value) {
    const std::uint8_t sign = std::signbit(value) ? 0x80 : 0;
    if (std::isnan(value)) return 0x7f;
    const double magnitude = std::min(std::fabs(value), 448.0);
    const int exponent = magnitude < std::ldexp(1.0, -6) ? -6 : std::ilogb(magnitude);
    const auto units = static_cast<std::uint32_t>(std::nearbyint(std::ldexp(magnitude, 3 - exponent)));
    return static_cast<std::uint8_t>(sign + units + (static_cast<std::uint32_t>(exponent + 6) << 3));
}

}  // namespace stele::simt
