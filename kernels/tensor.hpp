// Element types and host tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/names.hpp"

namespace stele {

/// tf32 is stored as f32 whose 13 lowest bits are zero; e4m3 is the 8-bit type of the OCP specification (2023), which
/// has no infinities: rounding saturates at ±448.
enum class Dtype { f32, f16, bf16, f64, i32, u8, tf32, e4m3, s8 };

constexpr auto name_list(Dtype) {
    return name_rows<Dtype>({{Dtype::f32, "f32"},
                             {Dtype::f16, "f16"},
                             {Dtype::bf16, "bf16"},
                             {Dtype::f64, "f64"},
                             {Dtype::i32, "i32"},
                             {Dtype::u8, "u8"},
                             {Dtype::tf32, "tf32"},
                             {Dtype::e4m3, "e4m3"},
                             {Dtype::s8, "s8"}});
}
std::size_t size_of(Dtype dtype);
/// Half the distance from 1 to the next number: 2^-24 for f32, 2^-11 for f16, 2^-8 for bf16.
double unit_roundoff(Dtype dtype);
/// The largest error of rounding a value of this magnitude to nearest: unit_roundoff() of it, or half of the smallest
/// subnormal where that is more. 0 for whole numbers.
double rounding_error(Dtype dtype, double magnitude);
/// `value`, or infinity where it would overflow the dtype: what a reference in double must expect.
double overflowed(Dtype dtype, double value);

/// IEEE 754 binary16 and bfloat16, round to nearest even; NaN stays NaN, overflow gives infinity.
std::uint16_t f16_bits(float value);
float f16_value(std::uint16_t bits);
std::uint16_t bf16_bits(float value);
float bf16_value(std::uint16_t bits);
/// To nearest even, saturating; NaN stays NaN.
std::uint8_t e4m3_bits(float value);
float e4m3_value(std::uint8_t bits);
/// To nearest even; NaN and infinities stay.
float rounded_to_tf32(float value);

enum class Role { input, output };

struct TensorSpec {
    std::string name;  ///< "A", "tile_k", "lse": the operation's own names
    Role role = Role::input;
    Dtype dtype = Dtype::f32;
    std::vector<std::int64_t> shape;
    std::vector<std::string> dimensions;  ///< one name an extent: {"M", "K"}
    bool open_length = false;             ///< from outside, a vector of another length is taken too

    std::size_t elements() const;  ///< 1 for a scalar, 0 if an extent is 0
    std::size_t bytes() const;
};

/// A dense row-major tensor in host memory.
struct Tensor {
    TensorSpec spec;
    std::vector<std::byte> data;

    Tensor() = default;
    explicit Tensor(TensorSpec specification);

    /// Element as double, by flat index.
    double at(std::size_t index) const;
    /// Rounds to the element type.
    void set(std::size_t index, double value);

    template <typename T>
    std::span<T> as() {
        return {reinterpret_cast<T*>(data.data()), data.size() / sizeof(T)};
    }
    template <typename T>
    std::span<const T> as() const {
        return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
    }
};

/// How operands are drawn; in every report. `normal` is zero-mean, unit variance, seeded.
enum class Fill { normal, zeros };
constexpr auto name_list(Fill) { return name_rows<Fill>({{Fill::normal, "normal"}, {Fill::zeros, "zeros"}}); }

/// Fills a tensor of floating-point numbers, or of s8 with whole numbers within ±127 (24 standing for a standard
/// deviation). Same seed, same tensor: the same numbers on every machine. Throws std::logic_error for other dtypes.
void fill(Tensor& tensor, Fill how, std::uint64_t seed, double scale = 1.0);

}  // namespace stele
