#include <gtest/gtest.h>

#include <cmath>

#include "harness/study/finding.hpp"
#include "harness/study/modes.hpp"
#include "tests/support/simulated_runs.hpp"

namespace stele::finding_test {
namespace {

/// Rounds whose log-ratios are those, one sample each.
struct Rounds2 {
    explicit Rounds2(const std::vector<double>& logs) {
        for (const double log : logs) other.push_back({std::exp(log)});
    }
    std::vector<RoundPair> pairs() const {
        std::vector<RoundPair> out;
        for (const auto& samples : other) out.push_back({base, samples});
        return out;
    }
    std::vector<double> base{1.0};
    std::vector<std::vector<double>> other;
};

Found found(const std::vector<double>& logs, double adjust = 1, double margin = 0.02) {
    const Effect effect = effect_of(Rounds2(logs).pairs(), 1);
    return finding_of(effect, effect.test ? std::min(1.0, adjust * effect.test->p) : 1, {margin, 0.05, 1});
}

TEST(Finding, EachOfTheFour) {
    EXPECT_EQ(found({0.030, 0.031, 0.029, 0.030}).finding, Finding::regression);
    EXPECT_EQ(found({-0.030, -0.031, -0.029, -0.030}).finding, Finding::improved);
    EXPECT_EQ(found({0.001, -0.001, 0.002, -0.002}).finding, Finding::same);
    EXPECT_EQ(found({0.05, -0.04, 0.06, -0.01}).finding, Finding::inconclusive);
    EXPECT_EQ(found({0.0195, 0.0197, 0.0196, 0.0199}).finding, Finding::inconclusive)
        << "sure to differ, and not sure to be more than the margin";
}

TEST(Finding, ASmallDifferenceIsTheSameAndIsTold) {
    const Found small = found({0.005, 0.0051, 0.0049, 0.005});
    EXPECT_EQ(small.finding, Finding::same);
    EXPECT_TRUE(small.differs);
    EXPECT_FALSE(found({0.001, -0.001, 0.002, -0.002}).differs);
}

TEST(Finding, OtherTestsRaiseThePThatDecides) {
    const std::vector<double> logs{0.03, 0.05, 0.02, 0.06, 0.04};
    EXPECT_EQ(found(logs).finding, Finding::regression);
    const Found among_many = found(logs, 1000);
    EXPECT_EQ(among_many.finding, Finding::inconclusive);
    EXPECT_GT(among_many.rounds, logs.size());
    EXPECT_EQ(found(logs, 1, 0.10).finding, Finding::same) << "inside a wide margin";
}

TEST(Finding, RoundsThatWouldSettleIt) {
    const std::vector<double> wide{0.05, -0.01, 0.06, 0.0};
    const Found open = found(wide);
    ASSERT_EQ(open.finding, Finding::inconclusive);
    const Effect effect = effect_of(Rounds2(wide).pairs(), 1);
    EXPECT_EQ(open.rounds, pairs_for_reach(effect.test->deviation, effect.test->mean, 0.02));
    EXPECT_EQ(found({0.030, 0.031, 0.029, 0.030}).rounds, 0u) << "settled";
}

TEST(Finding, OneRoundTellsNothing) {
    const Effect one = effect_of(Rounds2({0.5}).pairs(), 1);
    EXPECT_FALSE(one.test);
    EXPECT_DOUBLE_EQ(one.log_ratio, 0.5);
    EXPECT_EQ(one.flip_p, 1);
    const Found told = finding_of(one, 1, {0.02, 0.05, 10});
    EXPECT_EQ(told.finding, Finding::inconclusive);
    EXPECT_EQ(told.rounds, pairs_for_sign_flips(10, 0.05));
    EXPECT_THROW(effect_of({}, 1), std::invalid_argument);
}

TEST(Finding, TheMarginIsAShareOfTime) {
    // 2 % more, and its inverse, are as far from 1.
    const double at = std::log(1.02);
    EXPECT_EQ(found({at + 2e-4, at + 1e-4, at + 1.5e-4, at + 1e-4}).finding, Finding::regression);
    EXPECT_EQ(found({-at - 2e-4, -at - 1e-4, -at - 1.5e-4, -at - 1e-4}).finding, Finding::improved);
}

TEST(RoundBootstrap, AgreesWithTheTIntervalWhereRoundsAreMany) {
    test::SimulatedRuns runs({}, 5);
    std::vector<std::vector<double>> base, other;
    for (int round = 0; round < 40; ++round) {
        base.push_back(runs.samples(std::exp(0.003 * runs.normal())));
        other.push_back(runs.samples(1.01 * std::exp(0.003 * runs.normal())));
    }
    std::vector<RoundPair> pairs;
    for (std::size_t i = 0; i < base.size(); ++i) pairs.push_back({base[i], other[i]});
    const Effect effect = effect_of(pairs, 1);
    const double reach = effect.test->interval.high - effect.log_ratio;
    EXPECT_NEAR(effect.bootstrap.low, effect.test->interval.low, reach / 2);
    EXPECT_NEAR(effect.bootstrap.high, effect.test->interval.high, reach / 2);
    EXPECT_EQ(round_bootstrap(pairs, 1).low, effect.bootstrap.low) << "the same by its seed";
    EXPECT_NE(round_bootstrap(pairs, 2).low, effect.bootstrap.low);
}

TEST(RoundBootstrap, DrawsMediansAsResamplesHaveThem) {
    // Of three samples a resample's median is the least with probability 7/27, the middle one with 13/27.
    const std::vector<double> samples{std::exp(0.0), std::exp(1.0), std::exp(2.0)}, one{1.0};
    const std::vector<RoundPair> pair{{one, samples}};
    const Interval inner = round_bootstrap(pair, 1, 1 - 2 * (7 / 27.0 + 0.02), 20000);
    EXPECT_EQ(inner.low, 1);
    EXPECT_EQ(inner.high, 1);
    const Interval outer = round_bootstrap(pair, 1, 1 - 2 * (7 / 27.0 - 0.02), 20000);
    EXPECT_EQ(outer.low, 0);
    EXPECT_EQ(outer.high, 2);
    EXPECT_THROW(round_bootstrap({}, 1), std::invalid_argument);
    const std::vector<double> zero{0.0};
    EXPECT_THROW(round_bootstrap(std::vector<RoundPair>{{zero, one}}, 1), std::invalid_argument);
}

/// `slow` of a hundred samples at 110, the rest at 100.
std::vector<double> two_heaps(int slow) {
    std::vector<double> samples;
    for (int i = 0; i < 100; ++i) samples.push_back((i < slow ? 110 : 100) + 0.1 * (i % 7));
    return samples;
}

TEST(Modes, TwoHeapsAndNoOther) {
    const auto found = two_modes(two_heaps(30), 1.02);
    ASSERT_TRUE(found);
    EXPECT_NEAR(found->slow_share, 0.3, 1e-12);
    EXPECT_NEAR(found->fast, 100.3, 0.1);
    EXPECT_NEAR(found->slow, 110.3, 0.1);
    EXPECT_FALSE(two_modes(two_heaps(5), 1.02)) << "a few outliers are no heap";
    EXPECT_FALSE(two_modes(two_heaps(30), 1.2)) << "nearer than asked for";
    std::vector<double> even, normal;
    test::SimulatedRuns runs({}, 1);
    for (int i = 0; i < 500; ++i) {
        even.push_back(100 + 0.1 * i);
        normal.push_back(100 + 10 * runs.normal());
    }
    EXPECT_FALSE(two_modes(even, 1.02));
    EXPECT_FALSE(two_modes(normal, 1.02));
}

TEST(Modes, AShiftIsOfTheSameHeaps) {
    const auto shift = mode_shift(two_heaps(20), two_heaps(70), 1.02);
    ASSERT_TRUE(shift);
    EXPECT_NEAR(*shift, 0.5, 1e-12);
    EXPECT_FALSE(mode_shift(two_heaps(40), two_heaps(50), 1.02)) << "hardly moved";
    std::vector<double> elsewhere = two_heaps(70);
    for (double& sample : elsewhere) sample *= 1.2;
    EXPECT_FALSE(mode_shift(two_heaps(20), elsewhere, 1.02));
}

}  // namespace
}  // namespace stele::finding_test
