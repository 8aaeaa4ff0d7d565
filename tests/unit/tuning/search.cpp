// The search, on a device whose time depends on the tile.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "harness/base/statistics.hpp"
#include "harness/measure/runner_here.hpp"
#include "harness/tuning/final.hpp"
#include "harness/tuning/search.hpp"
#include "tests/support/fake_device.hpp"
#include "tests/support/twice.hpp"

namespace stele::search_test {
namespace {

using test::FakeDevice;
using test::twice_variant;
using test::TwiceProblem;

/// twice/tiled.host with the tile as its kernel's entry, by which the device knows its time.
Variant tiled(const std::string& tile, bool is_default, const test::TwiceKernel& kernel = test::twice) {
    Variant variant = twice_variant(tile, kernel, tile, is_default);
    variant.algorithm = "tiled";
    return variant;
}

/// Rows and columns from 1 to 256, at most 4096 elements; the wrong tile computes zeros.
std::shared_ptr<TileSpace> space(const std::string& wrong = "") {
    auto out = std::make_shared<TileSpace>();
    const std::vector<int> powers{1, 2, 4, 8, 16, 32, 64, 128, 256};
    out->parameters = {{"ROWS", powers}, {"COLUMNS", powers}};
    out->why_illegal = [](const TileValues& values) {
        return values[0] * values[1] > 4096 ? std::string("more than 4096 elements") : std::string();
    };
    out->make = [wrong](const TileValues& values) {
        const bool is_wrong = tile_text(values) == wrong;
        return tiled(tile_text(values), false, [is_wrong](float* x, float* y, std::int64_t count) {
            if (is_wrong)
                std::fill_n(y, count, 0.0f);
            else
                test::twice(x, y, count);
        });
    };
    return out;
}

/// Slower the farther a tile is from rows × columns; 1000 ns there.
double bowl(const std::string& tile, double rows, double columns) {
    const TileValues values = *parse_tile(tile);
    const double a = std::log2(values[0] / rows), b = std::log2(values[1] / columns);
    return 1000 * (1 + 0.2 * (a * a + b * b));
}

class TuneTest : public testing::Test {
protected:
    TuneTest() {
        device.description.timer_resolution_ns = 1;
        options.seconds = 20;
        options.coarse = 12;
    }

    /// Offers `variants`, the first being the default.
    void offer(std::vector<Variant> variants) {
        choices.reset();
        registry.reset();
        operations.clear();
        operations.push_back(std::make_unique<test::TwiceOperation>(std::move(variants)));
        registry = std::make_unique<Registry>(operations);
        choices = std::make_unique<TileChoices>(*registry, *registry->variants().front());
    }
    void offer_space(const std::string& default_tile, const std::string& wrong = "") {
        Variant variant = tiled(default_tile, true);
        variant.tile_space = space(wrong);
        offer({variant});
    }
    TuneResult search(std::vector<TriedTile> before = {}) {
        return tune({choices.get(), &problem, &device.info()}, options, watcher, runner, std::move(before),
                    [this](const std::vector<TriedTile>& tried) { kept.push_back(tried); });
    }

    FakeDevice device;
    TwiceProblem problem{4, 8};
    std::vector<std::unique_ptr<Operation>> operations;
    std::unique_ptr<Registry> registry;
    std::unique_ptr<TileChoices> choices;
    TuneOptions options;
    Watcher watcher;
    OpenDevices devices{device};
    ReferenceCache references;
    RunnerHere runner{devices, references};
    std::vector<std::vector<TriedTile>> kept;
};

TEST_F(TuneTest, WhatIsRightAndHasNoTimeIsNotChosen) {
    // Too short for the clock: passed, and nothing to compare by.
    device.time = [](const std::string& tile) { return tile == "2x2" ? 1000.0 : 0.0; };
    offer({tiled("1x1", true), tiled("2x2", false), tiled("4x4", false)});
    const TuneResult result = search();
    ASSERT_TRUE(result.tuned);
    EXPECT_EQ(result.tuned->chosen.tile, "2x2");
    EXPECT_FALSE(result.tuned->regret) << "the default has no time";
    EXPECT_TRUE(result.tuned->failed.empty());
    device.time = [](const std::string&) { return 0.0; };
    EXPECT_FALSE(search().tuned);
}

TEST_F(TuneTest, FindsTheFastestTileOfASpace) {
    device.time = [](const std::string& tile) { return bowl(tile, 16, 64); };
    offer_space("1x1");
    for (std::uint64_t seed : {1, 2, 3}) {
        options.sampling.seed = seed;
        const TuneResult result = search();
        ASSERT_TRUE(result.tuned);
        EXPECT_EQ(result.tuned->chosen.tile, "16x64") << "seed " << seed;
        EXPECT_EQ(result.tuned->chosen_because, "fastest");
        EXPECT_EQ(result.tuned->default_tile, "1x1");
        ASSERT_TRUE(result.tuned->regret);
        EXPECT_NEAR(*result.tuned->regret, bowl("1x1", 16, 64) / 1000, 1e-6);
        EXPECT_EQ(result.tuned->stopped_by, "no better neighbour");
        EXPECT_LT(result.tuned->candidates, choices->size()) << "without trying them all";
        EXPECT_EQ(result.tuned->space, choices->size());
    }
}

TEST_F(TuneTest, DriftMovesNoTileUp) {
    // The clock falls by half during the search: what is measured early looks faster in absolute time.
    double slower = 1;
    device.time = [&](const std::string& tile) { return bowl(tile, 16, 64) * (slower *= 1.0005); };
    offer_space("2x2");
    const TuneResult result = search();
    ASSERT_TRUE(result.tuned);
    EXPECT_GT(slower, 1.2) << "or there is no drift to speak of";
    for (const TriedTile& tile : result.tried) {
        const double true_ratio = bowl(tile.tile, 16, 64) / bowl("2x2", 16, 64);
        EXPECT_NEAR(tile.relative / true_ratio, 1, 0.05) << tile.tile;
    }
    EXPECT_EQ(result.tuned->chosen.tile, "16x64");
}

TEST_F(TuneTest, CompiledTilesAreSiblings) {
    device.time = [](const std::string& tile) { return bowl(tile, 32, 32); };
    offer({tiled("8x8", true), tiled("32x32", false), tiled("64x16", false)});
    const TuneResult result = search();
    ASSERT_TRUE(result.tuned);
    EXPECT_EQ(result.tuned->chosen.tile, "32x32");
    EXPECT_EQ(result.tuned->candidates, 3u);
    EXPECT_EQ(result.tuned->stopped_by, "every tile tried");
}

TEST_F(TuneTest, AWrongTileNeverWins) {
    device.time = [](const std::string& tile) { return bowl(tile, 16, 64); };
    offer_space("16x16", "16x64");
    const TuneResult result = search();
    ASSERT_TRUE(result.tuned);
    EXPECT_NE(result.tuned->chosen.tile, "16x64");
    EXPECT_EQ(result.tuned->chosen.median_ns, 1200) << "one of its neighbours";
    ASSERT_EQ(result.tuned->failed.size(), 1u);
    EXPECT_EQ(result.tuned->failed[0].tile, "16x64");
    EXPECT_EQ(result.tuned->failed[0].outcome, Outcome::wrong);
}

TEST_F(TuneTest, OneThatTurnsWrongInTheEndLosesTheFinal) {
    device.time = [](const std::string& tile) { return tile == "32x32" ? 500.0 : 1000.0; };
    int calls = 0;
    offer({tiled("8x8", true), tiled("32x32", false, [&](float* x, float* y, std::int64_t count) {
               test::twice(x, y, count);
               // The search takes 10 samples at most of a steady clock; the final runs on.
               if (++calls > 40) y[0] = 7;
           })});
    options.sampling.least_samples = 100;
    int draws = 0;
    device.time = [&](const std::string& tile) { return (tile == "32x32" ? 500.0 : 1000.0) + (++draws % 7); };
    const TuneResult result = search();
    ASSERT_TRUE(result.tuned);
    EXPECT_EQ(result.tuned->chosen.tile, "8x8");
    ASSERT_EQ(result.tuned->failed.size(), 1u);
    EXPECT_EQ(result.tuned->failed[0].tile, "32x32");
}

TEST_F(TuneTest, NothingThatPassesIsNoResult) {
    offer({tiled("8x8", true, [](float*, float*, std::int64_t) {}),
           tiled("4x4", false, [](float*, float*, std::int64_t) {})});
    const TuneResult result = search();
    EXPECT_FALSE(result.tuned);
    EXPECT_FALSE(result.interrupted);
    ASSERT_EQ(result.tried.size(), 2u);
    EXPECT_EQ(result.tried[0].outcome, Outcome::wrong);
}

TEST_F(TuneTest, WhatTheDeviceDoesNotTakeIsNotTried) {
    Variant broken = tiled("64x64", false);
    broken.supports_problem = [](const DeviceInfo&, const Problem&) { return Support::no("too many threads"); };
    device.time = [](const std::string& tile) { return bowl(tile, 64, 64); };
    offer({broken, tiled("8x8", false), tiled("16x16", false)});
    const TuneResult result = search();
    ASSERT_TRUE(result.tuned);
    EXPECT_EQ(result.tuned->chosen.tile, "16x16");
    EXPECT_FALSE(result.tuned->regret) << "the default did not run";
    EXPECT_EQ(result.tuned->candidates, 2u);
    EXPECT_EQ(result.tuned->stopped_by, "every tile tried");
}

TEST_F(TuneTest, GoesOnWhereItWasBrokenOff) {
    device.time = [](const std::string& tile) { return bowl(tile, 16, 64); };
    offer_space("1x1");
    watcher.stop = [this] { return kept.size() == 2; };
    const TuneResult first = search();
    EXPECT_TRUE(first.interrupted);
    EXPECT_FALSE(first.tuned);
    ASSERT_EQ(kept.size(), 2u);
    const std::vector<TriedTile> journal = kept.back();
    EXPECT_EQ(journal.size(), first.tried.size());

    watcher.stop = [] { return false; };
    device.timed.clear();
    const TuneResult second = search(journal);
    ASSERT_TRUE(second.tuned);
    EXPECT_EQ(second.tuned->chosen.tile, "16x64");
    EXPECT_GE(second.tried.size(), journal.size());
    // The coarse part measures each tile once; what the journal has is only met again as the best so far, or in the
    // end.
    std::map<std::string, int> searched;
    for (const TriedTile& tile : journal) {
        const auto again = std::find_if(second.tried.begin(), second.tried.end(),
                                        [&](const TriedTile& other) { return other.tile == tile.tile; });
        ASSERT_NE(again, second.tried.end());
    }
    const TriedTile& slowest = *std::max_element(journal.begin(), journal.end(),
                                                 [](const auto& a, const auto& b) { return a.relative < b.relative; });
    if (slowest.tile != "1x1") {  // the default is in the final
        EXPECT_EQ(std::count(device.timed.begin(), device.timed.end(), slowest.tile), 0);
    }
}

TEST_F(TuneTest, ASmallBudgetStillTriesTheDefault) {
    device.time = [](const std::string& tile) { return bowl(tile, 16, 64); };
    offer_space("1x1");
    options.seconds = 0;
    const TuneResult result = search();
    ASSERT_TRUE(result.tuned);
    EXPECT_EQ(result.tuned->stopped_by, "budget");
    EXPECT_TRUE(result.tuned->of_default);
    EXPECT_LE(result.tuned->candidates, 5u);
}

Timing timing_of(std::vector<double> samples) {
    Timing timing;
    for (std::uint32_t i = 0; i < samples.size(); ++i) timing.pass.push_back(i);
    timing.round.assign(samples.size(), 0);
    timing.median_ns = median(samples);
    timing.low_ns = *std::min_element(samples.begin(), samples.end());
    timing.high_ns = *std::max_element(samples.begin(), samples.end());
    timing.samples_ns = std::move(samples);
    return timing;
}

TEST(Decide, AnUnseparatedWinnerYieldsToTheCheapest) {
    const Finalist fast{"64x64", 4096, false, timing_of({990, 1020, 980, 1010, 1000})};
    const Finalist near{"32x32", 1024, false, timing_of({1000, 1000, 1000, 1000, 1001})};
    const Finalist nearer{"64x32", 2048, false, timing_of({1000, 1000, 1000, 1000, 1001})};
    const Finalist by_default{"8x8", -1, true, timing_of({2000, 2030, 1980, 2010, 2000})};
    const TunedCell cell = decide(std::vector{fast, nearer, near, by_default});
    EXPECT_EQ(cell.chosen.tile, "32x32");
    EXPECT_NE(cell.chosen_because.find("64x64 is not separated"), std::string::npos) << cell.chosen_because;
    EXPECT_NEAR(*cell.regret, 2, 0.03);
    EXPECT_LT(*cell.regret_low, *cell.regret);
    EXPECT_EQ(cell.finalists.size(), 4u);
}

TEST(Decide, ASeparatedWinnerStays) {
    const Finalist fast{"64x64", 4096, false, timing_of({990, 1020, 980, 1010, 1000})};
    const Finalist slow{"32x32", 1024, false, timing_of({1090, 1130, 1080, 1111, 1100})};  // noise is common to a pass
    EXPECT_EQ(decide(std::vector{slow, fast}).chosen.tile, "64x64");
    EXPECT_FALSE(decide(std::vector{slow, fast}).regret) << "no default among them";
}

TEST(Decide, TheDefaultIsTheCheapest) {
    const Finalist fast{"4x4", 16, false, timing_of({999, 1001, 1000})};
    const Finalist by_default{"64x64", -1, true, timing_of({1001, 999, 1002})};
    const TunedCell cell = decide(std::vector{fast, by_default});
    EXPECT_EQ(cell.chosen.tile, "64x64");
    EXPECT_EQ(*cell.regret, 1);
}

TEST(Decide, WithoutCommonRoundsNothingIsKnown) {
    Finalist fast{"64x64", 4096, false, timing_of({1000, 1000})};
    const Finalist cheap{"8x8", 64, false, timing_of({5000, 5000})};
    fast.timing.pass = {7, 8};
    EXPECT_EQ(decide(std::vector{fast, cheap}).chosen.tile, "8x8");
}

}  // namespace
}  // namespace stele::search_test
