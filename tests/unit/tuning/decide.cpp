// Who wins among finalists, by figures that can be followed by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "harness/tuning/final.hpp"

namespace stele::decide_test {
namespace {

/// One sample a pass of the first round, the second of three being the median.
Timing timing_of(std::vector<double> samples, double median_ns) {
    Timing timing;
    for (std::uint32_t i = 0; i < samples.size(); ++i) timing.pass.push_back(i);
    timing.round.assign(samples.size(), 0);
    timing.median_ns = median_ns;
    timing.low_ns = median_ns - 1;
    timing.high_ns = median_ns + 2;
    timing.samples_ns = std::move(samples);
    return timing;
}

TEST(PassRatio, IsOfThePassesThatBothHave) {
    // log₂ of the ratios: 1, 1 and 1 in the passes 1 to 3; what stands alone says nothing.
    Timing a = timing_of({100, 20, 40, 80}, 40), b = timing_of({10, 20, 40, 999}, 20);
    b.pass = {1, 2, 3, 7};
    const Ratio ratio = pass_ratio(a, b);
    EXPECT_DOUBLE_EQ(ratio.estimate, 2);
    EXPECT_DOUBLE_EQ(ratio.interval.low, 2);
    EXPECT_DOUBLE_EQ(ratio.interval.high, 2);
    b.round.assign(4, 1);
    EXPECT_EQ(pass_ratio(a, b).estimate, 1) << "another round's passes are others";
}

TEST(PassRatio, OfFewerThanTwoPairsIsUnknown) {
    const Timing two = timing_of({10, 20}, 15), one = timing_of({5}, 5);
    for (const Ratio& ratio : {pass_ratio(two, one), pass_ratio(one, two), pass_ratio(two, Timing{})}) {
        EXPECT_EQ(ratio.estimate, 1);
        EXPECT_EQ(ratio.interval.low, 0);
        EXPECT_EQ(ratio.interval.high, std::numeric_limits<double>::infinity());
        EXPECT_EQ(ratio.interval.coverage, 0);
    }
    EXPECT_DOUBLE_EQ(pass_ratio(two, timing_of({5, 10}, 7)).estimate, 2) << "two are enough";
}

TEST(DecideByHand, AnIntervalThatBeginsAtOneDoesNotSeparate) {
    const Finalist fast{"64x64", 3, false, timing_of({100, 100}, 100)};
    const Finalist alike{"32x32", 2, false, timing_of({100, 100}, 101)};
    const TunedCell cell = decide(std::vector{fast, alike});
    EXPECT_EQ(cell.chosen.tile, "32x32");
    EXPECT_EQ(cell.chosen.median_ns, 101);
    EXPECT_EQ(cell.chosen.low_ns, 100);
    EXPECT_EQ(cell.chosen.high_ns, 103);
    EXPECT_EQ(cell.chosen_because,
              "cheaper: 64x64 is not separated from it (1.00 of its time, 95 % interval 1.00–1.00)");
    EXPECT_FALSE(cell.of_default);
    EXPECT_FALSE(cell.regret_low);
}

TEST(DecideByHand, AnIntervalAboveOneSeparates) {
    const Finalist fast{"64x64", 3, false, timing_of({100, 100}, 100)};
    const Finalist slow{"32x32", 2, false, timing_of({150, 150}, 150)};
    const TunedCell cell = decide(std::vector{slow, fast});
    EXPECT_EQ(cell.chosen.tile, "64x64");
    EXPECT_EQ(cell.chosen_because, "fastest");
    ASSERT_EQ(cell.finalists.size(), 2u);
    EXPECT_EQ(cell.finalists[0].tile, "32x32");
    EXPECT_EQ(cell.finalists[1].median_ns, 100);
}

TEST(DecideByHand, TheIntervalIsSaidAsSharesOfTheChosenTime) {
    // Log-ratios ln 2 and 0: the mean is ln √2, the deviation ln 2 ÷ √2, and t of one degree of freedom 12.706. The
    // ratio is √2 within √2 × 2^±6.353.
    const Finalist fast{"64x64", 3, false, timing_of({100, 100}, 100)};
    const Finalist by_default{"8x8", -1, true, timing_of({200, 100}, 150)};
    const TunedCell cell = decide(std::vector{fast, by_default});
    EXPECT_EQ(cell.chosen.tile, "8x8");
    EXPECT_EQ(cell.chosen_because,
              "the default: 64x64 is not separated from it (0.707 of its time, 95 % interval 0.009–57.8)");
    EXPECT_EQ(cell.regret, 1) << "the default is what was chosen";
    EXPECT_EQ(cell.regret_low, 1);
    EXPECT_EQ(cell.regret_high, 1);
    EXPECT_EQ(cell.of_default->tile, "8x8");
}

TEST(DecideByHand, RegretIsTheDefaultsTimeOverTheChosens) {
    const Finalist fast{"64x64", 3, false, timing_of({100, 110}, 105)};
    const Finalist by_default{"8x8", -1, true, timing_of({300, 330}, 315)};
    const TunedCell cell = decide(std::vector{by_default, fast});
    EXPECT_EQ(cell.chosen.tile, "64x64");
    EXPECT_NEAR(*cell.regret, 3, 1e-12);
    EXPECT_NEAR(*cell.regret_low, 3, 1e-12);
    EXPECT_NEAR(*cell.regret_high, 3, 1e-12);
    EXPECT_EQ(cell.of_default->median_ns, 315);
}

TEST(DecideByHand, OfTwoThatAreEquallyFastTheFirstIsTheFastest) {
    const Finalist first{"a", 3, false, timing_of({100, 100}, 100)}, second{"b", 2, false, timing_of({100, 100}, 100)};
    const Finalist cheapest{"c", 1, false, timing_of({100, 101}, 101)};
    EXPECT_NE(decide(std::vector{first, second, cheapest}).chosen_because.find("a is not separated"),
              std::string::npos);
    // Of equal cost, too, the first.
    const Finalist as_cheap{"d", 1, false, timing_of({100, 101}, 101)};
    EXPECT_EQ(decide(std::vector{first, cheapest, as_cheap}).chosen.tile, "c");
}

}  // namespace
}  // namespace stele::decide_test
