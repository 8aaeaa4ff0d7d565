#include "kernels/common/widen.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <numeric>
#include <vector>

namespace stele {
namespace {

TEST(Widen, EveryNumberOfSixteenBitsIsTheSame) {
    std::vector<std::uint16_t> all(1 << 16);
    std::iota(all.begin(), all.end(), std::uint16_t{0});
    std::vector<float> wide(all.size());
    for (const Dtype dtype : {Dtype::f16, Dtype::bf16}) {
        widen(dtype, all.data(), static_cast<std::int64_t>(all.size()), wide.data());
        for (const std::uint16_t bits : all) {
            const float expected = dtype == Dtype::f16 ? f16_value(bits) : bf16_value(bits);
            if (std::isnan(expected)) {
                EXPECT_TRUE(std::isnan(wide[bits])) << bits;
            } else {
                EXPECT_EQ(std::bit_cast<std::uint32_t>(wide[bits]), std::bit_cast<std::uint32_t>(expected)) << bits;
            }
        }
        std::vector<std::uint16_t> narrowed(all.size());
        narrow(dtype, wide.data(), static_cast<std::int64_t>(all.size()), narrowed.data());
        for (const std::uint16_t bits : all)
            if (!std::isnan(wide[bits])) {
                EXPECT_EQ(narrowed[bits], bits);
            }
    }
    EXPECT_THROW(widen(Dtype::f32, all.data(), 1, wide.data()), std::logic_error);
}

}  // namespace
}  // namespace stele
