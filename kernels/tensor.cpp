#include "kernels/tensor.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "kernels/common/parallel.hpp"

namespace stele {
namespace {

struct DtypeRow {
    Dtype dtype;
    std::size_t size;
    double unit_roundoff;  ///< 0 for whole numbers, which do not round
    double smallest;       ///< smallest subnormal
    double overflow;       ///< from here on values round to infinity; 0: never
};

constexpr std::array dtype_rows{
    DtypeRow{Dtype::f32, 4, 0x1p-24, 0x1p-149, 0x1.ffffffp127},
    DtypeRow{Dtype::f16, 2, 0x1p-11, 0x1p-24, 65520},
    DtypeRow{Dtype::bf16, 2, 0x1p-8, 0x1p-133, 0x1.ffp127},
    DtypeRow{Dtype::f64, 8, 0x1p-53, 0x1p-1074, 0},
    DtypeRow{Dtype::i32, 4, 0, 0, 0},
    DtypeRow{Dtype::u8, 1, 0, 0, 0},
    DtypeRow{Dtype::tf32, 4, 0x1p-11, 0x1p-136, 0x1.ffep127},
    DtypeRow{Dtype::e4m3, 1, 0x1p-4, 0x1p-9, 0},
    DtypeRow{Dtype::s8, 1, 0, 0, 0},
};

const DtypeRow& row(Dtype dtype) {
    for (const DtypeRow& entry : dtype_rows)
        if (entry.dtype == dtype) return entry;
    throw std::logic_error("unknown dtype");
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): the finaliser, on a counter.
std::uint64_t mixed(std::uint64_t state) {
    state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9u;
    state = (state ^ (state >> 27)) * 0x94d049bb133111ebu;
    return state ^ (state >> 31);
}

/// Zero-mean, unit-variance numbers within ±6: the sum of twelve uniforms less their mean. Whole-number arithmetic
/// until the last exact scaling, because log and cos differ between C libraries and the numbers must not.
class NormalStream {
public:
    /// Begins at number `first`: the state is a counter, so any place can be begun at.
    NormalStream(std::uint64_t seed, std::uint64_t first) : state_(mixed(seed + step) + first * (words * step)) {}

    double next() {
        std::uint64_t sum = 0;
        for (std::uint64_t word = 0; word < words; ++word) {
            const std::uint64_t bits = mixed(state_ += step);
            sum += (bits & 0xffffffffu) + (bits >> 32);
        }
        // Each uniform is (bits + 1/2) / 2^32, so the mean of twelve is 6 exactly.
        const auto centred = static_cast<std::int64_t>(sum) + 6 - (std::int64_t{6} << 32);
        return static_cast<double>(centred) * 0x1p-32;
    }

private:
    static constexpr std::uint64_t step = 0x9e3779b97f4a7c15u, words = 6;  ///< of two uniforms each
    std::uint64_t state_;
};

}  // namespace

std::size_t size_of(Dtype dtype) { return row(dtype).size; }

double unit_roundoff(Dtype dtype) { return row(dtype).unit_roundoff; }

double rounding_error(Dtype dtype, double magnitude) {
    return std::max(row(dtype).unit_roundoff * std::abs(magnitude), row(dtype).smallest / 2);
}

double overflowed(Dtype dtype, double value) {
    const double limit = row(dtype).overflow;
    return limit != 0 && std::abs(value) >= limit ? std::copysign(std::numeric_limits<double>::infinity(), value)
                                                  : value;
}

std::uint16_t f16_bits(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000u);
    const std::uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return sign | 0x7e00u | ((magnitude >> 13) & 0x3ffu);  // NaN, made quiet
    if (magnitude >= 0x477ff000u) return sign | 0x7c00u;                                // rounds to 2^16 or beyond
    if (magnitude < 0x38800000u) {
        // Below 2^-14 the result is subnormal: a count of 2^-24. Adding 0.5 aligns that unit with the last bit of a
        // float, so the addition itself rounds to nearest even.
        const float aligned = std::bit_cast<float>(magnitude) + 0.5f;
        return sign | static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(aligned) - 0x3f000000u);
    }
    const std::uint32_t odd = (magnitude >> 13) & 1u;
    return sign | static_cast<std::uint16_t>((magnitude - (112u << 23) + 0xfffu + odd) >> 13);
}

float f16_value(std::uint16_t bits) {
    const std::uint32_t sign = (bits & 0x8000u) << 16;
    const std::uint32_t exponent = (bits >> 10) & 0x1fu;
    const std::uint32_t fraction = bits & 0x3ffu;
    if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | (fraction << 13));
    if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
}

std::uint16_t bf16_bits(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>((bits >> 16) | 0x40u);  // NaN, made quiet
    return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

float bf16_value(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

std::uint8_t e4m3_bits(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<std::uint8_t>(bits >> 24 & 0x80u);
    const std::uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return sign | 0x7fu;
    if (magnitude >= 0x43e00000u) return sign | 0x7eu;  // 448 and beyond
    if (magnitude < 0x3c800000u) {
        // Below 2^-6 the result counts units of 2^-9; adding 2^14 aligns that unit with a float's last bit.
        const float aligned = std::bit_cast<float>(magnitude) + 0x1p14f;
        return sign | static_cast<std::uint8_t>(std::bit_cast<std::uint32_t>(aligned) - 0x46800000u);
    }
    const std::uint32_t odd = (magnitude >> 20) & 1u;
    return sign | static_cast<std::uint8_t>((magnitude - (120u << 23) + 0x7ffffu + odd) >> 20);
}

float e4m3_value(std::uint8_t bits) {
    const std::uint32_t sign = (bits & 0x80u) << 24, exponent = bits >> 3 & 0xfu, fraction = bits & 7u;
    if (exponent == 0xf && fraction == 7) return std::bit_cast<float>(sign | 0x7fc00000u);
    if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 120) << 23) | (fraction << 20));
    const float magnitude = static_cast<float>(fraction) * 0x1p-9f;
    return sign ? -magnitude : magnitude;
}

float rounded_to_tf32(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7f800000u) == 0x7f800000u) return value;
    return std::bit_cast<float>((bits + 0xfffu + ((bits >> 13) & 1u)) & ~0x1fffu);
}

std::size_t TensorSpec::elements() const {
    std::size_t count = 1;
    for (std::int64_t extent : shape) count *= static_cast<std::size_t>(extent);
    return count;
}

std::size_t TensorSpec::bytes() const { return elements() * size_of(dtype); }

Tensor::Tensor(TensorSpec specification) : spec(std::move(specification)), data(spec.bytes()) {}

double Tensor::at(std::size_t index) const {
    switch (spec.dtype) {
        case Dtype::f32:
        case Dtype::tf32:
            return as<float>()[index];
        case Dtype::f16:
            return f16_value(as<std::uint16_t>()[index]);
        case Dtype::bf16:
            return bf16_value(as<std::uint16_t>()[index]);
        case Dtype::f64:
            return as<double>()[index];
        case Dtype::i32:
            return as<std::int32_t>()[index];
        case Dtype::u8:
            return as<std::uint8_t>()[index];
        case Dtype::e4m3:
            return e4m3_value(as<std::uint8_t>()[index]);
        case Dtype::s8:
            return as<std::int8_t>()[index];
    }
    throw std::logic_error("unknown dtype");
}

void Tensor::set(std::size_t index, double value) {
    switch (spec.dtype) {
        case Dtype::f32:
            as<float>()[index] = static_cast<float>(value);
            return;
        case Dtype::f16:
            as<std::uint16_t>()[index] = f16_bits(static_cast<float>(value));
            return;
        case Dtype::bf16:
            as<std::uint16_t>()[index] = bf16_bits(static_cast<float>(value));
            return;
        case Dtype::f64:
            as<double>()[index] = value;
            return;
        case Dtype::i32:
            as<std::int32_t>()[index] = static_cast<std::int32_t>(value);
            return;
        case Dtype::u8:
            as<std::uint8_t>()[index] = static_cast<std::uint8_t>(value);
            return;
        case Dtype::tf32:
            as<float>()[index] = rounded_to_tf32(static_cast<float>(value));
            return;
        case Dtype::e4m3:
            as<std::uint8_t>()[index] = e4m3_bits(static_cast<float>(value));
            return;
        case Dtype::s8:
            as<std::int8_t>()[index] = static_cast<std::int8_t>(std::clamp(std::nearbyint(value), -127.0, 127.0));
            return;
    }
    throw std::logic_error("unknown dtype");
}

void fill(Tensor& tensor, Fill how, std::uint64_t seed, double scale) {
    const bool is_s8 = tensor.spec.dtype == Dtype::s8;
    if (unit_roundoff(tensor.spec.dtype) == 0 && !is_s8)
        throw std::logic_error("fill() draws real numbers; tensor " + tensor.spec.name + " holds " +
                               std::string(name(tensor.spec.dtype)));
    const std::size_t count = tensor.spec.elements();
    if (how == Fill::zeros) {
        tensor.data.assign(tensor.data.size(), std::byte{0});
        return;
    }
    constexpr double s8_deviation = 24;
    if (is_s8) scale *= s8_deviation;
    constexpr std::int64_t piece = std::int64_t{1} << 16;
    in_pieces(static_cast<std::int64_t>(count), piece, [&](std::int64_t begin, std::int64_t end) {
        NormalStream stream(seed, static_cast<std::uint64_t>(begin));
        for (std::int64_t i = begin; i < end; ++i) tensor.set(static_cast<std::size_t>(i), scale * stream.next());
    });
}

}  // namespace stele
