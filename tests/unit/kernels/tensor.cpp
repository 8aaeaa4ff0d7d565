#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "kernels/tensor.hpp"

namespace stele::tensor_test {
namespace {

/// A binary format by its definition: sign, exponent bits with `bias`, `fraction_bits` below.
double defined_value(std::uint16_t bits, int fraction_bits, int bias) {
    const int fraction = bits & ((1 << fraction_bits) - 1), exponent = (bits & 0x7fff) >> fraction_bits;
    const double sign = bits & 0x8000 ? -1 : 1;
    if (exponent == (0x7fff >> fraction_bits))
        return fraction ? std::numeric_limits<double>::quiet_NaN() : sign * std::numeric_limits<double>::infinity();
    if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
    return sign * std::ldexp(fraction + (1 << fraction_bits), exponent - bias - fraction_bits);
}

struct Format {
    Dtype dtype;
    int fraction_bits, bias;
    std::uint16_t (*bits)(float);
    float (*value)(std::uint16_t);
    std::uint16_t infinity() const { return static_cast<std::uint16_t>(0x7fff >> fraction_bits << fraction_bits); }
};

class TensorConvert : public testing::TestWithParam<Format> {};

INSTANTIATE_TEST_SUITE_P(Formats, TensorConvert,
                         testing::Values(Format{Dtype::f16, 10, 15, &f16_bits, &f16_value},
                                         Format{Dtype::bf16, 7, 127, &bf16_bits, &bf16_value}),
                         [](const auto& tested) { return std::string(name(tested.param.dtype)); });

TEST_P(TensorConvert, EveryPatternHasItsDefinedValueAndComesBack) {
    const Format& format = GetParam();
    for (int pattern = 0; pattern < 0x10000; ++pattern) {
        const auto bits = static_cast<std::uint16_t>(pattern);
        const double defined = defined_value(bits, format.fraction_bits, format.bias);
        const float value = format.value(bits);
        if (std::isnan(defined)) {
            ASSERT_TRUE(std::isnan(value)) << pattern;
            ASSERT_TRUE(std::isnan(format.value(format.bits(value)))) << pattern;
            continue;
        }
        ASSERT_EQ(value, defined) << pattern;
        ASSERT_EQ(std::signbit(value), (bits & 0x8000) != 0) << pattern;
        ASSERT_EQ(format.bits(value), bits) << pattern;
    }
}

TEST_P(TensorConvert, RoundsToNearestEvenBetweenAnyTwoNeighbours) {
    const Format& format = GetParam();
    for (std::uint16_t low = 0; low < format.infinity(); ++low) {
        const auto high = static_cast<std::uint16_t>(low + 1);
        // Where the next pattern is infinity, rounding acts as if it were the next power of two.
        const double next = high == format.infinity()
                                ? 2.0 * format.value(low) - format.value(static_cast<std::uint16_t>(low - 1))
                                : format.value(high);
        const auto middle = static_cast<float>((format.value(low) + next) / 2);
        const std::uint16_t even = low % 2 == 0 ? low : high;
        for (const float sign : {1.0f, -1.0f}) {
            const auto signed_bits = [&](std::uint16_t bits) { return sign < 0 ? bits | 0x8000 : bits; };
            ASSERT_EQ(format.bits(sign * middle), signed_bits(even)) << low;
            ASSERT_EQ(format.bits(sign * std::nextafter(middle, 0.0f)), signed_bits(low)) << low;
            ASSERT_EQ(format.bits(sign * std::nextafter(middle, HUGE_VALF)), signed_bits(high)) << low;
        }
    }
}

TEST_P(TensorConvert, EveryNaNStaysNaN) {
    const Format& format = GetParam();
    for (std::uint32_t payload : {0x7f800001u, 0x7fc00000u, 0x7fffffffu, 0xff800001u, 0x7f801fffu, 0x7f80ffffu}) {
        EXPECT_TRUE(std::isnan(format.value(format.bits(std::bit_cast<float>(payload))))) << std::hex << payload;
    }
}

TEST_P(TensorConvert, OverflowBeginsWhereRoundingGivesInfinity) {
    const Format& format = GetParam();
    const float largest = format.value(static_cast<std::uint16_t>(format.infinity() - 1));
    const double gap = largest - format.value(static_cast<std::uint16_t>(format.infinity() - 2));
    const auto border = static_cast<float>(largest + gap / 2), below = std::nextafter(border, 0.0f);
    EXPECT_EQ(format.bits(border), format.infinity());
    EXPECT_LT(format.bits(below), format.infinity());
    EXPECT_EQ(overflowed(format.dtype, border), HUGE_VAL);
    EXPECT_EQ(overflowed(format.dtype, -border), -HUGE_VAL);
    EXPECT_EQ(overflowed(format.dtype, below), below);
    EXPECT_EQ(overflowed(Dtype::f32, 1e39), HUGE_VAL);
    EXPECT_EQ(overflowed(Dtype::f64, 1e300), 1e300);
}

TEST_P(TensorConvert, RoundingErrorIsReachedAndNeverExceeded) {
    const Format& format = GetParam();
    double largest_share = 0;
    for (float value = 1.5e-8f; value < 60000.0f; value *= 1.0009f) {
        const double error = std::abs(format.value(format.bits(value)) - static_cast<double>(value));
        const double share = error / rounding_error(format.dtype, value);
        ASSERT_LE(share, 1.0) << value;
        largest_share = std::max(largest_share, share);
    }
    EXPECT_GT(largest_share, 0.95);
}

TEST(Tensor, NamesReadBack) {
    EXPECT_EQ(from_name<Dtype>("half"), std::nullopt);
    EXPECT_EQ(from_name<Fill>("normal"), Fill::normal);
    EXPECT_EQ(from_name<Fill>("ones"), std::nullopt);
}

TEST(Tensor, CountsElementsAndBytes) {
    EXPECT_EQ((TensorSpec{"x", Role::input, Dtype::f16, {3, 5, 7}, {}}).bytes(), 210u);
    EXPECT_EQ((TensorSpec{"x", Role::input, Dtype::f32, {}, {}}).elements(), 1u);
    EXPECT_EQ((TensorSpec{"x", Role::input, Dtype::f32, {4, 0}, {}}).bytes(), 0u);
}

TEST(Tensor, SetRoundsAndAtReadsEveryDtype) {
    for (Dtype dtype : {Dtype::f32, Dtype::f16, Dtype::bf16, Dtype::f64, Dtype::i32, Dtype::u8}) {
        Tensor tensor(TensorSpec{"x", Role::input, dtype, {3}, {"n"}});
        tensor.set(1, 96);
        EXPECT_EQ(tensor.at(0), 0) << name(dtype);
        EXPECT_EQ(tensor.at(1), 96) << name(dtype);
        EXPECT_EQ(tensor.at(2), 0) << name(dtype);
    }
    Tensor rounded(TensorSpec{"x", Role::input, Dtype::bf16, {1}, {"n"}});
    rounded.set(0, 257.0);
    EXPECT_EQ(rounded.at(0), 256.0);
}

TEST(Tensor, FillIsTheSameOnEveryMachine) {
    Tensor tensor(TensorSpec{"x", Role::input, Dtype::f64, {3}, {"n"}});
    fill(tensor, Fill::normal, 7);
    // Sums of twelve 32-bit words of SplitMix64 less 6 · 2^32 - 6, worked out apart from this code in whole numbers.
    EXPECT_EQ(tensor.at(0), -499027029.0 / 0x1p32);
    EXPECT_EQ(tensor.at(1), 3335711504.0 / 0x1p32);
    EXPECT_EQ(tensor.at(2), -682127845.0 / 0x1p32);
}

TEST(Tensor, WhatManyThreadsDrawIsOneStream) {
    constexpr std::size_t count = 200001;
    Tensor tensor(TensorSpec{"x", Role::input, Dtype::f64, {count}, {"n"}});
    fill(tensor, Fill::normal, 9);
    constexpr std::uint64_t step = 0x9e3779b97f4a7c15u;
    const auto mixed = [](std::uint64_t state) {
        state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9u;
        state = (state ^ (state >> 27)) * 0x94d049bb133111ebu;
        return state ^ (state >> 31);
    };
    std::uint64_t state = mixed(9 + step);
    for (std::size_t i = 0; i < count; ++i) {
        std::int64_t sum = 6 - (std::int64_t{6} << 32);
        for (int word = 0; word < 6; ++word) {
            const std::uint64_t bits = mixed(state += step);
            sum += static_cast<std::int64_t>((bits & 0xffffffffu) + (bits >> 32));
        }
        ASSERT_EQ(tensor.at(i), static_cast<double>(sum) * 0x1p-32) << i;
    }
}

TEST(Tensor, FillIsZeroMeanUnitVarianceScaledAndSeeded) {
    constexpr std::int64_t count = 200000;
    Tensor tensor(TensorSpec{"x", Role::input, Dtype::f32, {count}, {"n"}}), other = tensor;
    fill(tensor, Fill::normal, 1, 3.0);
    fill(other, Fill::normal, 2, 3.0);
    double sum = 0, squares = 0, product = 0;
    for (std::size_t i = 0; i < count; ++i) {
        sum += tensor.at(i);
        squares += tensor.at(i) * tensor.at(i);
        product += tensor.at(i) * other.at(i);
    }
    // Five standard errors of each statistic.
    const double n = static_cast<double>(count);
    EXPECT_NEAR(sum / n, 0.0, 5 * 3 / std::sqrt(n));
    EXPECT_NEAR(squares / n, 9.0, 5 * 9 * std::sqrt(2 / n));
    EXPECT_NEAR(product / n, 0.0, 5 * 9 / std::sqrt(n));
    fill(tensor, Fill::zeros, 1);
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(tensor.at(i), 0.0);
}

TEST(Tensor, FillRefusesWholeNumbers) {
    Tensor tensor(TensorSpec{"columns", Role::input, Dtype::i32, {3}, {"n"}});
    EXPECT_THROW(fill(tensor, Fill::normal, 1), std::logic_error);
}

}  // namespace
}  // namespace stele::tensor_test
