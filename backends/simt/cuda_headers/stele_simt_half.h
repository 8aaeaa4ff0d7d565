// Sixteen-bit floats: storage, conversion and arithmetic that rounds once, to nearest even.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#if defined(__F16C__)
#include <immintrin.h>
#endif

#include "stele_simt_language.h"
#include "stele_simt_vectors.h"

namespace stele::simt {

/// IEEE binary16 and float, both ways.
struct HalfFormat {
    static float widen(std::uint16_t bits) {
#if defined(__F16C__)
        return _cvtsh_ss(bits);
#else
        const std::uint32_t sign = (bits & 0x8000u) << 16, rest = bits & 0x7FFFu;
        if (rest >= 0x7C00) return std::bit_cast<float>(sign | 0x7F800000u | (rest & 0x3FFu) << 13);
        // 2^-24 is the smallest step of the format, and all its finite values are multiples that a float holds.
        if (rest < 0x400) return std::copysign(static_cast<float>(rest) * 0x1p-24f, std::bit_cast<float>(sign | 1));
        return std::bit_cast<float>(sign | ((rest << 13) + (112u << 23)));
#endif
    }
    static std::uint16_t narrow(float value) {
#if defined(__F16C__)
        return static_cast<std::uint16_t>(_cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT));
#else
        const auto bits = std::bit_cast<std::uint32_t>(value);
        const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000u);
        const std::uint32_t rest = bits & 0x7FFFFFFFu;
        if (rest > 0x7F800000u) return sign | 0x7E00u;
        if (rest >= 0x477FF000u) return sign | 0x7C00u;
        // Below the normal numbers: an addition of floats rounds to the step of 2^-24.
        if (rest < 0x38800000u) {
            const float shifted = std::bit_cast<float>(rest) + 0.5f;
            return sign | static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(shifted) - 0x3F000000u);
        }
        return sign | static_cast<std::uint16_t>((rest - (112u << 23) + 0xFFFu + (rest >> 13 & 1)) >> 13);
#endif
    }
};

/// The upper half of a float.
struct Bfloat16Format {
    static float widen(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
    static std::uint16_t narrow(float value) {
        const auto bits = std::bit_cast<std::uint32_t>(value);
        if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return 0x7FFF;
        return static_cast<std::uint16_t>((bits + 0x7FFFu + (bits >> 16 & 1)) >> 16);
    }
};

/// x to float so that a later rounding to fewer bits is the right one: where inexact, the last bit is set
/// (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
inline float to_odd(double x) {
    const float near = static_cast<float>(x);
    const double back = near;
    if (back == x || x != x || std::isinf(near) || (std::bit_cast<std::uint32_t>(near) & 1)) return near;
    return std::nextafter(near,
                          back < x ? std::numeric_limits<float>::infinity() : -std::numeric_limits<float>::infinity());
}

/// a * b + c with the product exact in double, rounded to odd.
inline float fma_to_odd(float a, float b, float c) {
    const double product = double{a} * b, addend = c;
    const double sum = product + addend;
    if (!std::isfinite(sum)) return static_cast<float>(sum);
    const double part = sum - product;
    const double error = (product - (sum - part)) + (addend - part);
    if (error == 0 || (std::bit_cast<std::uint64_t>(sum) & 1)) return to_odd(sum);
    const double inf = std::numeric_limits<double>::infinity();
    return to_odd(std::nextafter(sum, error > 0 ? inf : -inf));
}

template <typename Format>
struct alignas(2) Float16 {
    std::uint16_t bits;

    Float16() = default;
    Float16(float value) : bits(Format::narrow(value)) {}
    // By way of a float that keeps enough of the value for one rounding.
    Float16(double value) : bits(Format::narrow(to_odd(value))) {}
    template <typename Integer>
        requires std::is_integral_v<Integer>
    Float16(Integer value) : bits(Format::narrow(to_odd(static_cast<double>(value)))) {}
    static constexpr Float16 from_bits(std::uint16_t bits) {
        Float16 out;
        out.bits = bits;
        return out;
    }
    operator float() const { return Format::widen(bits); }

    // Sums, products and quotients of 11-bit significands rounded to 24 and then to 11 bits round as at once.
    friend Float16 operator+(Float16 a, Float16 b) { return Float16(float{a} + float{b}); }
    friend Float16 operator-(Float16 a, Float16 b) { return Float16(float{a} - float{b}); }
    friend Float16 operator*(Float16 a, Float16 b) { return Float16(float{a} * float{b}); }
    friend Float16 operator/(Float16 a, Float16 b) { return Float16(float{a} / float{b}); }
    friend Float16 operator-(Float16 a) { return from_bits(a.bits ^ 0x8000u); }
    friend Float16 operator+(Float16 a) { return a; }
    Float16& operator+=(Float16 b) { return *this = *this + b; }
    Float16& operator-=(Float16 b) { return *this = *this - b; }
    Float16& operator*=(Float16 b) { return *this = *this * b; }
    Float16& operator/=(Float16 b) { return *this = *this / b; }
    friend bool operator==(Float16 a, Float16 b) { return float{a} == float{b}; }
    friend bool operator!=(Float16 a, Float16 b) { return float{a} != float{b}; }
    friend bool operator<(Float16 a, Float16 b) { return float{a} < float{b}; }
    friend bool operator>(Float16 a, Float16 b) { return float{a} > float{b}; }
    friend bool operator<=(Float16 a, Float16 b) { return float{a} <= float{b}; }
    friend bool operator>=(Float16 a, Float16 b) { return float{a} >= float{b}; }
};

template <typename T>
struct alignas(4) Pair16 {
    T x, y;

    Pair16() = default;
    Pair16(T x_, T y_) : x(x_), y(y_) {}
    friend Pair16 operator+(Pair16 a, Pair16 b) { return {a.x + b.x, a.y + b.y}; }
    friend Pair16 operator-(Pair16 a, Pair16 b) { return {a.x - b.x, a.y - b.y}; }
    friend Pair16 operator*(Pair16 a, Pair16 b) { return {a.x * b.x, a.y * b.y}; }
    friend Pair16 operator/(Pair16 a, Pair16 b) { return {a.x / b.x, a.y / b.y}; }
    friend Pair16 operator-(Pair16 a) { return {-a.x, -a.y}; }
    Pair16& operator+=(Pair16 b) { return *this = *this + b; }
    Pair16& operator-=(Pair16 b) { return *this = *this - b; }
    Pair16& operator*=(Pair16 b) { return *this = *this * b; }
};

template <typename T>
inline constexpr bool is_float16 = false;
template <typename Format>
inline constexpr bool is_float16<Float16<Format>> = true;
template <typename T>
concept AnyFloat16 = is_float16<T>;

}  // namespace stele::simt

using __half = stele::simt::Float16<stele::simt::HalfFormat>;
using __half2 = stele::simt::Pair16<__half>;
using __nv_bfloat16 = stele::simt::Float16<stele::simt::Bfloat16Format>;
using __nv_bfloat162 = stele::simt::Pair16<__nv_bfloat16>;

// -- Both formats: the names are the same in CUDA's two headers --------------------------------------------------

template <stele::simt::AnyFloat16 T>
inline T __hadd(T a, T b) {
    return a + b;
}
template <stele::simt::AnyFloat16 T>
inline T __hsub(T a, T b) {
    return a - b;
}
template <stele::simt::AnyFloat16 T>
inline T __hmul(T a, T b) {
    return a * b;
}
template <stele::simt::AnyFloat16 T>
inline T __hdiv(T a, T b) {
    return a / b;
}
template <stele::simt::AnyFloat16 T>
inline T __hneg(T a) {
    return -a;
}
template <stele::simt::AnyFloat16 T>
inline T __habs(T a) {
    return T::from_bits(a.bits & 0x7FFFu);
}
template <stele::simt::AnyFloat16 T>
inline T __hfma(T a, T b, T c) {
    return T(stele::simt::fma_to_odd(a, b, c));
}
template <stele::simt::AnyFloat16 T>
inline T __hmax(T a, T b) {
    return T(fmaxf(a, b));
}
template <stele::simt::AnyFloat16 T>
inline T __hmin(T a, T b) {
    return T(fminf(a, b));
}
template <stele::simt::AnyFloat16 T>
inline bool __hlt(T a, T b) {
    return a < b;
}
template <stele::simt::AnyFloat16 T>
inline bool __hle(T a, T b) {
    return a <= b;
}
template <stele::simt::AnyFloat16 T>
inline bool __hgt(T a, T b) {
    return a > b;
}
template <stele::simt::AnyFloat16 T>
inline bool __hge(T a, T b) {
    return a >= b;
}
template <stele::simt::AnyFloat16 T>
inline bool __heq(T a, T b) {
    return a == b;
}
template <stele::simt::AnyFloat16 T>
inline bool __hisnan(T a) {
    return float{a} != float{a};
}
template <stele::simt::AnyFloat16 T>
inline int __hisinf(T a) {
    return std::isinf(float{a}) ? (float{a} > 0 ? 1 : -1) : 0;
}
template <stele::simt::AnyFloat16 T>
inline T hexp(T a) {
    return T(expf(a));
}
template <stele::simt::AnyFloat16 T>
inline T hexp2(T a) {
    return T(exp2f(a));
}
template <stele::simt::AnyFloat16 T>
inline T hlog(T a) {
    return T(logf(a));
}
template <stele::simt::AnyFloat16 T>
inline T hsqrt(T a) {
    return T(sqrtf(a));
}
template <stele::simt::AnyFloat16 T>
inline T hrcp(T a) {
    return T(1.0f / float{a});
}

template <stele::simt::AnyFloat16 T>
inline stele::simt::Pair16<T> __hadd2(stele::simt::Pair16<T> a, stele::simt::Pair16<T> b) {
    return a + b;
}
template <stele::simt::AnyFloat16 T>
inline stele::simt::Pair16<T> __hsub2(stele::simt::Pair16<T> a, stele::simt::Pair16<T> b) {
    return a - b;
}
template <stele::simt::AnyFloat16 T>
inline stele::simt::Pair16<T> __hmul2(stele::simt::Pair16<T> a, stele::simt::Pair16<T> b) {
    return a * b;
}
template <stele::simt::AnyFloat16 T>
inline stele::simt::Pair16<T> __h2div(stele::simt::Pair16<T> a, stele::simt::Pair16<T> b) {
    return a / b;
}
template <stele::simt::AnyFloat16 T>
inline stele::simt::Pair16<T> __hneg2(stele::simt::Pair16<T> a) {
    return -a;
}
template <stele::simt::AnyFloat16 T>
inline stele::simt::Pair16<T> __hfma2(stele::simt::Pair16<T> a, stele::simt::Pair16<T> b, stele::simt::Pair16<T> c) {
    return {__hfma(a.x, b.x, c.x), __hfma(a.y, b.y, c.y)};
}
template <stele::simt::AnyFloat16 T>
inline stele::simt::Pair16<T> __hmax2(stele::simt::Pair16<T> a, stele::simt::Pair16<T> b) {
    return {__hmax(a.x, b.x), __hmax(a.y, b.y)};
}
template <stele::simt::AnyFloat16 T>
inline stele::simt::Pair16<T> __hmin2(stele::simt::Pair16<T> a, stele::simt::Pair16<T> b) {
    return {__hmin(a.x, b.x), __hmin(a.y, b.y)};
}
template <stele::simt::AnyFloat16 T>
inline float __low2float(stele::simt::Pair16<T> a) {
    return a.x;
}
template <stele::simt::AnyFloat16 T>
inline float __high2float(stele::simt::Pair16<T> a) {
    return a.y;
}
