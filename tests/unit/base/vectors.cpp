// The statistics of comparisons against SciPy's, by numbers that tests/vectors/statistics.py has written.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/base/multiplicity.hpp"
#include "harness/base/paired.hpp"

namespace stele::vectors_test {
namespace {

using Numbers = std::vector<double>;

const nlohmann::json& vectors() {
    static const nlohmann::json json = [] {
        std::ifstream file(STELE_SOURCE_DIR "/tests/vectors/statistics.json");
        return nlohmann::json::parse(file);
    }();
    return json;
}

/// Within 1e-9 of the larger of the value and `scale`: a mean near 0 is as good as its terms.
void expect_near(double got, const nlohmann::json& expected, double scale = 0) {
    EXPECT_NEAR(got, expected.get<double>(), 1e-9 * std::max(std::abs(expected.get<double>()), scale));
}

TEST(Vectors, PairedTAndSignFlips) {
    ASSERT_GE(vectors()["paired"].size(), 8u);
    for (const auto& row : vectors()["paired"]) {
        const auto differences = row["differences"].get<Numbers>();
        const PairedTest test = paired_t(differences);
        const double scale = row["deviation"];
        expect_near(test.mean, row["mean"], scale);
        expect_near(test.deviation, row["deviation"]);
        expect_near(test.interval.low, row["low"], scale);
        expect_near(test.interval.high, row["high"], scale);
        expect_near(test.p, row["p"]);
        expect_near(sign_flip_p(differences, 1), row["sign_flip_p"]);
    }
}

TEST(Vectors, CorrectionsForManyTests) {
    ASSERT_GE(vectors()["corrected"].size(), 5u);
    for (const auto& row : vectors()["corrected"]) {
        const auto p = row["p"].get<Numbers>();
        const Numbers found = benjamini_hochberg(p), stepped = holm(p);
        ASSERT_EQ(found.size(), p.size());
        ASSERT_EQ(stepped.size(), p.size());
        for (std::size_t i = 0; i < p.size(); ++i) {
            expect_near(found[i], row["benjamini_hochberg"][i]);
            expect_near(stepped[i], row["holm"][i]);
        }
    }
}

TEST(Vectors, MediansWithTheirIntervals) {
    ASSERT_GE(vectors()["medians"].size(), 6u);
    for (const auto& row : vectors()["medians"]) {
        auto samples = row["samples"].get<Numbers>();
        expect_near(median(samples), row["median"]);
        std::ranges::sort(samples);
        const Interval interval = median_interval(samples);
        expect_near(interval.low, row["low"]);
        expect_near(interval.high, row["high"]);
        expect_near(interval.coverage, row["coverage"], 1);
    }
}

TEST(Vectors, ReachOfIntervals) {
    ASSERT_GE(vectors()["reach"].size(), 15u);
    for (const auto& row : vectors()["reach"]) expect_near(interval_reach(1, row["pairs"], row["alpha"]), row["reach"]);
}

TEST(PairedT, WithoutSpreadOrPairs) {
    EXPECT_EQ(paired_t(Numbers{0, 0, 0}).p, 1);
    EXPECT_EQ(paired_t(Numbers{0.25, 0.25}).p, 0);
    EXPECT_EQ(paired_t(Numbers{0.25, 0.25}).interval.low, 0.25);
    EXPECT_THROW(paired_t(Numbers{1}), std::invalid_argument);
    EXPECT_THROW(interval_reach(1, 1, 0.05), std::invalid_argument);
}

TEST(PairsForReach, IsTheFewestThatReachLessFar) {
    for (const double reach : {0.1, 0.5, 2.0, 20.0}) {
        const std::size_t pairs = pairs_for_reach(1, reach, 0.05);
        ASSERT_GE(pairs, 2u);
        EXPECT_LT(interval_reach(1, pairs, 0.05), reach);
        if (pairs > 2) {
            EXPECT_GE(interval_reach(1, pairs - 1, 0.05), reach);
        }
    }
    EXPECT_EQ(pairs_for_reach(1, 0.01, 0.05), 0u) << "more than 1000";
    EXPECT_EQ(pairs_for_reach(1, 0, 0.05), 0u);
    EXPECT_EQ(pairs_for_reach(1, -1, 0.05), 0u);
    EXPECT_EQ(pairs_for_reach(1, 20, 0.05), 2u);
    // Five reach just as far, which is not less.
    const double as_far = interval_reach(1, 5, 0.05);
    EXPECT_EQ(pairs_for_reach(1, as_far, 0.05), 6u);
    EXPECT_EQ(pairs_for_reach(1, as_far, 0.05, 6), 6u) << "the last that may be";
    EXPECT_EQ(pairs_for_reach(1, as_far, 0.05, 5), 0u);
}

TEST(SignFlips, WhatRoundsCanReach) {
    EXPECT_EQ(least_sign_flip_p(1), 1);
    EXPECT_EQ(least_sign_flip_p(5), 0.0625);
    EXPECT_EQ(least_sign_flip_p(6), sign_flip_p(Numbers{1, 2, 3, 4, 5, 6}, 1));
    EXPECT_EQ(pairs_for_sign_flips(1, 0.05), 6u);
    EXPECT_EQ(pairs_for_sign_flips(10, 0.05), 9u);
    EXPECT_EQ(pairs_for_sign_flips(0, 0.05), 6u) << "no test is as one";
    EXPECT_EQ(pairs_for_sign_flips(1, 0.0625), 6u) << "five give just that";
    EXPECT_EQ(pairs_for_sign_flips(1, 1.5), 1u);
    EXPECT_LT(10 * least_sign_flip_p(9), 0.05);
    EXPECT_GE(10 * least_sign_flip_p(8), 0.05);
}

TEST(Corrections, RefuseWhatIsNoP) {
    for (const double wrong : {-0.1, 1.1, std::nan("")}) {
        EXPECT_THROW(holm(Numbers{wrong}), std::invalid_argument);
        EXPECT_THROW(benjamini_hochberg(Numbers{0.5, wrong}), std::invalid_argument);
    }
    EXPECT_TRUE(holm({}).empty());
    EXPECT_TRUE(benjamini_hochberg({}).empty());
    EXPECT_EQ(holm(Numbers{1, 0}), (Numbers{1, 0})) << "the edges are p values";
    EXPECT_EQ(benjamini_hochberg(Numbers{1, 0}), (Numbers{1, 0}));
}

}  // namespace
}  // namespace stele::vectors_test
