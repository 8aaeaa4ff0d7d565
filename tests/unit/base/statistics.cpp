#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "harness/base/statistics.hpp"

namespace stele::statistics_test {
namespace {

/// Ascending 1, 2, … n: an interval then tells which order statistics bound it.
std::vector<double> ranks(int n) {
    std::vector<double> out(static_cast<std::size_t>(n));
    std::iota(out.begin(), out.end(), 1.0);
    return out;
}

/// A draw that is skewed and long-tailed, as times are: median is 1.
double skewed(SeededDraws& draws) {
    const double uniform = (static_cast<double>(draws.bits() >> 11) + 0.5) * 0x1p-53;
    return std::log(1 / uniform) / std::log(2.0);
}

TEST(Median, OddEvenOneAndNone) {
    EXPECT_EQ(median(std::vector<double>{3, 1, 2}), 2);
    EXPECT_EQ(median(std::vector<double>{4, 1, 3, 2}), 2.5);
    EXPECT_EQ(median(std::vector<double>{7}), 7);
    EXPECT_THROW(median({}), std::invalid_argument);
}

TEST(MedianInterval, OrderStatisticsOfTheTables) {
    // Conover, Practical Nonparametric Statistics, table of 95 % intervals: n, rank of the lower end, exact coverage.
    struct Row {
        int n, low;
        double coverage;
    };
    for (const Row& row : {Row{6, 1, 0.96875}, Row{8, 1, 0.9921875}, Row{9, 2, 0.9609375}, Row{10, 2, 0.978515625},
                           Row{20, 6, 0.958610534667969}}) {
        const Interval interval = median_interval(ranks(row.n));
        EXPECT_EQ(interval.low, row.low) << row.n;
        EXPECT_EQ(interval.high, row.n + 1 - row.low) << row.n;
        EXPECT_NEAR(interval.coverage, row.coverage, 1e-12) << row.n;
    }
}

TEST(MedianInterval, TooFewSamplesSayWhatTheyCover) {
    EXPECT_NEAR(median_interval(ranks(5)).coverage, 0.9375, 1e-12);
    EXPECT_EQ(median_interval(ranks(5)).low, 1);
    EXPECT_EQ(median_interval(ranks(5)).high, 5);
    EXPECT_EQ(median_interval(ranks(1)).coverage, 0);
    EXPECT_THROW(median_interval({}), std::invalid_argument);
    // Of four, the middle two cover 1 - 2 · 5/16.
    EXPECT_EQ(median_interval(ranks(4), 0.375).low, 2) << "as much as was asked for";
    EXPECT_EQ(median_interval(ranks(4), 0.376).low, 1);
}

TEST(MedianInterval, IsTheNarrowestThatCovers) {
    for (int n = 6; n <= 1000; n += 7) {
        const Interval interval = median_interval(ranks(n));
        ASSERT_GE(interval.coverage, 0.95) << n;
        ASSERT_LT(interval.low, interval.high) << n;
        const double wider_by_one =
            std::lgamma(n + 1) - std::lgamma(interval.low + 1) - std::lgamma(n - interval.low + 1) - n * std::log(2.0);
        // Going one rank further in would lose twice the probability of exactly `low` samples below the median.
        ASSERT_LT(interval.coverage - 2 * std::exp(wider_by_one), 0.95) << n;
    }
}

TEST(MedianInterval, CoversTheMedianAsOftenAsItSays) {
    SeededDraws draws(3);
    int covered = 0;
    constexpr int trials = 2000;
    double promised = 0;
    for (int trial = 0; trial < trials; ++trial) {
        std::vector<double> samples(25);
        for (double& sample : samples) sample = skewed(draws);
        std::sort(samples.begin(), samples.end());
        const Interval interval = median_interval(samples);
        promised = interval.coverage;
        covered += interval.low <= 1 && 1 <= interval.high;
    }
    // Four standard deviations of the count.
    EXPECT_NEAR(static_cast<double>(covered) / trials, promised, 4 * std::sqrt(promised * (1 - promised) / trials));
}

TEST(MedianRatio, HoldsTheTrueRatioAndRepeatsWithItsSeed) {
    SeededDraws draws(11);
    int covered = 0;
    constexpr int trials = 200;
    for (int trial = 0; trial < trials; ++trial) {
        std::vector<double> a(40), b(40);
        for (double& sample : a) sample = 1.1 * (10 + skewed(draws));
        for (double& sample : b) sample = 10 + skewed(draws);
        const Ratio ratio = median_ratio(a, b, 1, 0.95, 400);
        covered += ratio.interval.low <= 1.1 && 1.1 <= ratio.interval.high;
        if (trial == 0) {
            EXPECT_EQ(ratio.interval.low, median_ratio(a, b, 1, 0.95, 400).interval.low);
            EXPECT_NE(ratio.interval.low, median_ratio(a, b, 2, 0.95, 400).interval.low);
            EXPECT_DOUBLE_EQ(ratio.estimate, median(a) / median(b));
        }
    }
    EXPECT_GT(covered, trials * 9 / 10);
}

TEST(PairedRatio, AgreesWithTheTTable) {
    // Log-ratios ln 2 ± 0.1: mean ln 2, standard error 0.1; t(0.975, 1 degree) = 12.706.
    const std::vector<double> b{1, 1};
    const std::vector<double> a{2 * std::exp(0.1), 2 * std::exp(-0.1)};
    const Ratio ratio = paired_ratio(a, b);
    EXPECT_NEAR(ratio.estimate, 2, 1e-12);
    EXPECT_NEAR(ratio.interval.high, 2 * std::exp(12.7062 * 0.1), 1e-4);
    EXPECT_NEAR(ratio.interval.low, 2 * std::exp(-12.7062 * 0.1), 1e-4);
    EXPECT_THROW(paired_ratio(std::vector<double>{1}, std::vector<double>{1}), std::invalid_argument);
    EXPECT_THROW(paired_ratio(std::vector<double>{1, 0}, b), std::invalid_argument);
    EXPECT_THROW(paired_ratio(a, std::vector<double>{1}), std::invalid_argument);
}

TEST(SignFlip, ExactForFewPairs) {
    EXPECT_DOUBLE_EQ(sign_flip_p(std::vector<double>{1, 2, 3, 4}, 1), 2.0 / 16) << "only all or none flipped is as far";
    EXPECT_DOUBLE_EQ(sign_flip_p(std::vector<double>{1, -1}, 1), 1);
    EXPECT_DOUBLE_EQ(sign_flip_p(std::vector<double>{5}, 1), 1) << "one pair can say nothing";
}

TEST(SignFlip, DrawnForMany) {
    std::vector<double> same(40, 1.0), mixed(40);
    for (std::size_t i = 0; i < mixed.size(); ++i) mixed[i] = i % 2 == 0 ? 1.0 : -1.0;
    EXPECT_LT(sign_flip_p(same, 1), 1e-3);
    EXPECT_GT(sign_flip_p(same, 1), 0) << "never below one in the number of flips";
    EXPECT_GT(sign_flip_p(mixed, 1), 0.9);
}

TEST(SeededDraws, ShuffleKeepsTheItemsAndFollowsTheSeed) {
    const std::vector<double> sorted = ranks(50);
    std::vector<double> a = sorted, b = sorted, c = sorted;
    SeededDraws(1).shuffle(a);
    SeededDraws(1).shuffle(b);
    SeededDraws(2).shuffle(c);
    EXPECT_EQ(a, b);
    EXPECT_NE(a, c);
    EXPECT_NE(a, sorted);
    std::sort(a.begin(), a.end());
    EXPECT_EQ(a, sorted);
}

TEST(SeededDraws, BelowIsUniform) {
    SeededDraws draws(9);
    std::vector<int> counts(6);
    for (int i = 0; i < 60000; ++i) ++counts[draws.below(6)];
    for (int count : counts) EXPECT_NEAR(count, 10000, 4 * std::sqrt(10000.0));
}

}  // namespace
}  // namespace stele::statistics_test
