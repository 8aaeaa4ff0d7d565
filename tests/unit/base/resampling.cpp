// What is drawn from a seed: the numbers themselves, medians of resamples, and intervals made of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/base/resampled_median.hpp"
#include "harness/base/round_bootstrap.hpp"
#include "harness/base/statistics.hpp"

namespace stele::resampling_test {
namespace {

using Numbers = std::vector<double>;

TEST(SeededDraws, AreSplitMix64) {
    // As its authors' code has them, https://prng.di.unimi.it/splitmix64.c.
    SeededDraws draws(1234567);
    for (const std::uint64_t wanted : {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                       4593380528125082431u, 16408922859458223821u})
        EXPECT_EQ(draws.bits(), wanted);
}

TEST(SeededDraws, WhatWouldFavourSmallNumbersIsThrownAway) {
    constexpr std::uint64_t half = std::uint64_t{1} << 63;
    SeededDraws draws(5), same(5);
    // 2^64 holds one whole range of 2^63 + 1: greater draws are thrown away.
    int thrown = 0;
    for (int i = 0; i < 100; ++i) {
        std::uint64_t wanted = same.bits();
        for (; wanted > half; wanted = same.bits()) ++thrown;
        EXPECT_EQ(draws.below(half + 1), wanted);
    }
    EXPECT_GT(thrown, 50);
    // It holds two whole ranges of 2^63, and whole ones of 1.
    for (int i = 0; i < 100; ++i) EXPECT_EQ(draws.below(half), same.bits() % half);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(draws.below(1), 0u);
}

TEST(SeededDraws, ShufflesMakeEveryOrder) {
    SeededDraws draws(7);
    std::map<std::vector<int>, int> orders;
    for (int i = 0; i < 6000; ++i) {
        std::vector<int> items{1, 2, 3};
        draws.shuffle(items);
        ++orders[items];
    }
    EXPECT_EQ(orders.size(), 6u);
    for (const auto& [order, count] : orders) EXPECT_NEAR(count, 1000, 4 * std::sqrt(1000.0));
    // Three items need two draws, one none.
    SeededDraws one(1234567);
    std::vector<int> items{1, 2, 3}, single{1};
    one.shuffle(single);
    one.shuffle(items);
    EXPECT_EQ(one.bits(), 9817491932198370423u);
}

TEST(ResampledMedian, IsDrawnByTheChanceOfEachSample) {
    // Chances that at least the middle one of an odd number of draws falls on the first samples, by hand: of three and
    // of four samples three draws, of five five.
    const std::map<std::size_t, Numbers> chances{{1, {}},
                                                 {2, {0.5}},
                                                 {3, {7.0 / 27, 20.0 / 27}},
                                                 {4, {10.0 / 64, 32.0 / 64, 54.0 / 64}},
                                                 {5, {0.05792, 0.31744, 0.68256, 0.94208}}};
    const Numbers sorted{0.5, 2, 4, 8, 16};
    for (const auto& [count, up_to] : chances) {
        Numbers samples(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(count));
        std::ranges::reverse(samples);
        const ResampledMedian median(samples);
        SeededDraws draws(count), same(count);
        for (int i = 0; i < 500; ++i) {
            const double uniform = std::ldexp(static_cast<double>(same.bits()), -64);
            const auto at = static_cast<std::size_t>(
                std::ranges::count_if(up_to, [&](double chance) { return chance <= uniform; }));
            EXPECT_EQ(median.draw_log(draws), std::log(sorted[at])) << count << " samples, draw " << i;
        }
    }
}

TEST(ResampledMedian, NeedsPositiveSamples) {
    for (const Numbers& wrong : {Numbers{}, Numbers{0}, Numbers{1, 0}, Numbers{-1, 2}})
        EXPECT_THROW(ResampledMedian{wrong}, std::invalid_argument);
    EXPECT_NO_THROW(ResampledMedian{Numbers{0.25}});
}

TEST(RoundBootstrap, IsOfTheMeanOverDrawnRounds) {
    const Numbers one{1}, two{2}, eight{8}, more{100}, many{1024}, most{1e6};
    const std::vector<RoundPair> rounds{{one, two}, {two, eight}, {one, more}, {one, many}, {one, most}};
    const Interval certain = round_bootstrap(std::vector<RoundPair>{{two, eight}}, 1);
    EXPECT_DOUBLE_EQ(certain.low, std::log(4.0));
    EXPECT_DOUBLE_EQ(certain.high, std::log(4.0));
    EXPECT_EQ(certain.coverage, 0.95);
    // Eight means of five drawn rounds; half of them are between the third from below and the third from above.
    SeededDraws same(3);
    Numbers means;
    for (int mean = 0; mean < 8; ++mean) {
        double sum = 0;
        for (int drawn = 0; drawn < 5; ++drawn) {
            sum += std::log(Numbers{2, 4, 100, 1024, 1e6}[same.below(5)]);
            same.bits();  // of the other side's median, then of the base's
            same.bits();
        }
        means.push_back(sum / 5);
    }
    std::ranges::sort(means);
    const Interval half = round_bootstrap(rounds, 3, 0.5, 8);
    EXPECT_NEAR(half.low, means[2], 1e-12);
    EXPECT_NEAR(half.high, means[5], 1e-12);
    EXPECT_EQ(half.coverage, 0.5);
    ASSERT_TRUE(means[1] < means[2] && means[2] < means[3] && means[4] < means[5] && means[5] < means[6]);
    EXPECT_THROW(round_bootstrap({}, 1), std::invalid_argument);
}

TEST(RoundBootstrap, DrawsTheSamplesOfBothSides) {
    const Numbers base{1, 2, 4}, other{8, 16, 32};
    const Interval all = round_bootstrap(std::vector<RoundPair>{{base, other}}, 1, 0.999, 4000);
    EXPECT_DOUBLE_EQ(all.low, std::log(2.0)) << "the least of the other over the greatest of the base";
    EXPECT_DOUBLE_EQ(all.high, std::log(32.0));
}

TEST(MedianRatio, IsOfTheMediansOfDrawnSamples) {
    const Numbers a{1, 10, 100}, b{2};
    SeededDraws same(4);
    Numbers ratios;
    for (int ratio = 0; ratio < 8; ++ratio) {
        Numbers drawn;
        for (int i = 0; i < 3; ++i) drawn.push_back(a[same.below(3)]);
        std::ranges::sort(drawn);
        same.below(1);
        ratios.push_back(drawn[1] / 2);
    }
    std::ranges::sort(ratios);
    const Ratio half = median_ratio(a, b, 4, 0.5, 8);
    EXPECT_EQ(half.estimate, 5);
    EXPECT_EQ(half.interval.low, ratios[2]);
    EXPECT_EQ(half.interval.high, ratios[5]);
    EXPECT_EQ(half.interval.coverage, 0.5);
    const Interval all = median_ratio(a, b, 4, 1, 200).interval;
    EXPECT_EQ(all.low, 0.5);
    EXPECT_EQ(all.high, 50);
    EXPECT_THROW(median_ratio({}, b, 1), std::invalid_argument);
    EXPECT_THROW(median_ratio(a, {}, 1), std::invalid_argument);
}

TEST(PairedRatio, MayBeBelowOneAndNeedsPositiveNumbers) {
    EXPECT_DOUBLE_EQ(paired_ratio(Numbers{0.25, 0.25}, Numbers{0.5, 0.5}).estimate, 0.5);
    for (const Numbers& wrong : {Numbers{1, 0}, Numbers{0, 1}, Numbers{-1, 1}}) {
        EXPECT_THROW(paired_ratio(wrong, Numbers{1, 1}), std::invalid_argument);
        EXPECT_THROW(paired_ratio(Numbers{1, 1}, wrong), std::invalid_argument);
    }
}

TEST(SignFlip, IsExactUpToTwentyDifferencesAndDrawnBeyond) {
    EXPECT_EQ(sign_flip_p(Numbers(20, 1.0), 1), 2.0 / (1 << 20));
    EXPECT_GE(sign_flip_p(Numbers(21, 1.0), 1), 1.0 / (1 << 16));
    EXPECT_EQ(sign_flip_p(Numbers(60, 1.0), 1), 1.0 / (1 << 16)) << "no flip but the first";
    EXPECT_EQ(sign_flip_p(Numbers(60, 0.0), 1), 1) << "every flip is as far";
    EXPECT_EQ(sign_flip_p(Numbers{0, 0}, 1), 1);
    Numbers alone(30, 0.0);
    alone.back() = 1;
    EXPECT_EQ(sign_flip_p(alone, 1), 1) << "either sign is as far";
    EXPECT_THROW(sign_flip_p({}, 1), std::invalid_argument);
}

}  // namespace
}  // namespace stele::resampling_test
