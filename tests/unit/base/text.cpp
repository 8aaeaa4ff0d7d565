// Figures as people read them.
#include "harness/base/text.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "harness/base/stopwatch.hpp"

namespace stele::text_test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(TextFormat, ThreeDigits) {
    EXPECT_EQ(three_digits(0), "0.000");
    EXPECT_EQ(three_digits(0.12345), "0.123");
    EXPECT_EQ(three_digits(0.0005), "0.001");
    EXPECT_EQ(three_digits(0.00049), "4.90e-04");
    EXPECT_EQ(three_digits(1.2345), "1.23");
    EXPECT_EQ(three_digits(9.996), "10.0");
    EXPECT_EQ(three_digits(12.345), "12.3");
    EXPECT_EQ(three_digits(99.96), "100");
    EXPECT_EQ(three_digits(1234.5), "1234");
    EXPECT_EQ(three_digits(-1234.5), "-1234");
    EXPECT_EQ(three_digits(99999.4), "99999");
    EXPECT_EQ(three_digits(99999.5), "1.00e+05");
    EXPECT_EQ(three_digits(1e9), "1.00e+09");
    // Where one digit less is written.
    EXPECT_EQ(three_digits(0.9994), "0.999");
    EXPECT_EQ(three_digits(0.9995), "1.00");
    EXPECT_EQ(three_digits(9.994), "9.99");
    EXPECT_EQ(three_digits(9.995), "10.0");
    EXPECT_EQ(three_digits(99.94), "99.9");
    EXPECT_EQ(three_digits(99.95), "100");
    EXPECT_EQ(three_digits(1e-5), "1.00e-05");
    EXPECT_EQ(three_digits(std::numeric_limits<double>::quiet_NaN()), "nan");
    EXPECT_EQ(three_digits(infinity), "inf");
}

TEST(TextFormat, UnitsThatPeopleRead) {
    EXPECT_EQ(time_text(0.5), "0.500 ns");
    EXPECT_EQ(time_text(12.5), "12.5 ns");
    EXPECT_EQ(time_text(1000), "1.00 µs");
    EXPECT_EQ(time_text(1250), "1.25 µs");
    EXPECT_EQ(time_text(3.5e6), "3.50 ms");
    EXPECT_EQ(time_text(2.5e9), "2.50 s");
    EXPECT_EQ(interval_text(0.9e6, 1.1e6, 1.2e6), "0.900–1.20") << "in the median's unit";
    EXPECT_EQ(time_text(-2e6), "-2.00 ms");
    EXPECT_EQ(time_text(1e6), "1.00 ms");
    EXPECT_EQ(time_text(1e9), "1.00 s");
    EXPECT_EQ(bytes_text(0), "0 B");
    EXPECT_EQ(bytes_text(1024), "1 KiB");
    EXPECT_EQ(bytes_text(std::size_t{3} << 29), "1.50 GiB");
    EXPECT_EQ(bytes_text(512), "512 B");
    EXPECT_EQ(bytes_text(std::size_t{3} << 20), "3 MiB");
    EXPECT_EQ(bytes_text(std::size_t{5} << 40), "5 TiB");
    EXPECT_EQ(bytes_text(1536), "1.50 KiB");
    EXPECT_EQ(count_text(2.68e8) + "FLOP", "268 MFLOP");
    EXPECT_EQ(count_text(999) + "B", "999 B");
    EXPECT_EQ(count_text(4e3) + "B", "4.00 kB");
    EXPECT_EQ(count_text(5e15) + "B", "5.00 PB");
}

TEST(TextFormat, Errors) {
    EXPECT_EQ(error_text(0), "0");
    EXPECT_EQ(error_text(1.23e-6), "1.2e-06");
    EXPECT_EQ(error_text(1), "1.0e+00");
    EXPECT_EQ(error_text(std::numeric_limits<double>::quiet_NaN()), "nan");
    EXPECT_EQ(error_text(infinity), "inf");
    EXPECT_EQ(error_text(-infinity), "-inf");
}

TEST(Stopwatch, CountsFromItsStart) {
    const auto now = std::chrono::steady_clock::now();
    EXPECT_GE(seconds_since(now - std::chrono::seconds(5)), 5);
    EXPECT_LT(seconds_since(now + std::chrono::hours(1)), 0) << "a start that is to come";
}

}  // namespace
}  // namespace stele::text_test
