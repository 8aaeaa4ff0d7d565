// The search, call by call: a runner of the test's own says what each tile took, and keeps what it was asked.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "harness/tuning/search.hpp"
#include "tests/support/twice.hpp"

namespace stele::search_calls_test {
namespace {

using Tiles = std::vector<std::string>;

/// Times are by tile, in ns, and `drift` times as long in each next call. A tile without one is wrong.
class ToldRunner : public CellRunner {
public:
    FoundDevices found() override { return {}; }
    ClockCheck check_clock(const DeviceInfo&) override { return {}; }
    GivenRun run_given(const Cell&, const Given&, const SamplerOptions&, const RunnerEvents&) override { return {}; }
    void run(Work work, std::span<const Cell> cells, const SamplerOptions& with, const RunnerEvents& events) override {
        EXPECT_EQ(work, Work::bench);
        std::this_thread::sleep_for(takes);
        options.push_back(with);
        calls.emplace_back();
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const std::string& tile = cells[i].variant->tile;
            calls.back().push_back(tile);
            Measurement cell = blank_measurement(cells[i], with);
            const auto known = times.find(tile);
            if (known == times.end() || fails_in[tile] == calls.size()) {
                cell.verdict.outcome = Outcome::wrong;
                cell.verdict.reason = "told to be";
            } else if (known->second == 0) {
                cell.verdict.outcome = Outcome::passed;
                cell.untimed = Untimed{"too slow", 3e9};
            } else {
                cell.verdict.outcome = Outcome::passed;
                cell.timing = Timing{};
                cell.timing->median_ns = cell.timing->low_ns = cell.timing->high_ns = known->second * scale;
                cell.timing->samples_ns.assign(2, known->second * scale);
                cell.timing->pass = {0, 1};
                cell.timing->round = {0, 0};
            }
            events.finished(i, std::move(cell));
        }
        scale *= drift;
    }

    std::map<std::string, double> times;
    std::map<std::string, std::size_t> fails_in;  ///< the call, from 1, in which a tile is wrong all the same
    double drift = 1, scale = 1;
    std::chrono::milliseconds takes{0};
    std::vector<Tiles> calls;
    std::vector<SamplerOptions> options;
};

class SearchCalls : public testing::Test {
protected:
    SearchCalls() {
        device.id = "fake:0";
        device.languages = {Language::host};
        options.seconds = 1e9;
    }

    /// The first is the default. None of them has a time yet but those that `times` names.
    void offer(const Tiles& tiles, std::map<std::string, double> times, const Tiles& refused = {}) {
        choices.reset();
        registry.reset();
        operations.clear();
        std::vector<Variant> variants;
        for (const std::string& tile : tiles) {
            variants.push_back(test::twice_variant("tiled", test::twice, tile, variants.empty()));
            if (std::ranges::find(refused, tile) != refused.end())
                variants.back().supports_problem = [](const DeviceInfo&, const Problem&) {
                    return Support::no("too big");
                };
        }
        operations.push_back(std::make_unique<test::TwiceOperation>(std::move(variants)));
        registry = std::make_unique<Registry>(operations);
        choices = std::make_unique<TileChoices>(*registry, *registry->variants().front());
        runner.times = std::move(times);
    }
    TuneResult search(std::vector<TriedTile> before = {}) {
        return tune({choices.get(), &problem, &device}, options, watcher, runner, std::move(before),
                    [this](const std::vector<TriedTile>& tried) { kept.push_back(tried.size()); });
    }
    static TriedTile passed(const std::string& tile, double median_ns, double relative) {
        return {tile, Outcome::passed, "", median_ns, relative};
    }

    DeviceInfo device;
    test::TwiceProblem problem{4, 8};
    std::vector<std::unique_ptr<Operation>> operations;
    std::unique_ptr<Registry> registry;
    std::unique_ptr<TileChoices> choices;
    TuneOptions options;
    Watcher watcher;
    ToldRunner runner;
    std::vector<std::size_t> kept;
};

/// Sixteen tiles none of which neighbours another, as each differs in both values.
Tiles sixteen() {
    Tiles tiles;
    for (int i = 1; i <= 16; ++i) tiles.push_back(std::to_string(i) + "x" + std::to_string(i));
    return tiles;
}

std::map<std::string, double> all_take(const Tiles& tiles, double ns) {
    std::map<std::string, double> times;
    for (const std::string& tile : tiles) times[tile] = ns;
    return times;
}

TEST_F(SearchCalls, TheCoarsePartTakesFourThenAsManyAsFitBesideTheBest) {
    options.coarse = 15;
    options.best_few = 1;
    offer(sixteen(), all_take(sixteen(), 100));
    const TuneResult result = search();
    ASSERT_EQ(runner.calls.size(), 4u);
    EXPECT_EQ(runner.calls[0].size(), 4u);
    EXPECT_EQ(runner.calls[0].front(), "1x1") << "the default";
    EXPECT_EQ(runner.calls[1].size(), 1u + 8);
    EXPECT_EQ(runner.calls[1].front(), "1x1") << "the best so far";
    EXPECT_EQ(runner.calls[2].size(), 1u + 3) << "fifteen in all";
    EXPECT_EQ(runner.calls[3], Tiles{"1x1"});
    EXPECT_EQ(result.tried.size(), 15u);
    EXPECT_EQ(kept, (std::vector<std::size_t>{4, 12, 15}));
    ASSERT_TRUE(result.tuned);
    EXPECT_EQ(result.tuned->stopped_by, "no better neighbour");
    EXPECT_EQ(result.tuned->candidates, 15u);
    EXPECT_EQ(result.tuned->space, 16u);
    EXPECT_EQ(result.tuned->variant, "twice/tiled.host");
    EXPECT_EQ(result.tuned->problem, problem.id());
    EXPECT_EQ(result.tuned->default_tile, "1x1");
    EXPECT_EQ(result.tuned->seed, options.sampling.seed);
}

TEST_F(SearchCalls, TheCoarsePartDrawsByTheSeed) {
    options.coarse = 16;
    std::set<Tiles> orders;
    for (const std::uint64_t seed : {1, 2, 3}) {
        options.sampling.seed = seed;
        offer(sixteen(), all_take(sixteen(), 100));
        runner.calls.clear();
        EXPECT_EQ(search().tuned->stopped_by, "every tile tried");
        Tiles first = runner.calls.at(0);
        first.insert(first.end(), runner.calls.at(1).begin() + 1, runner.calls.at(1).end());
        EXPECT_EQ(std::set<std::string>(first.begin(), first.end()).size(), 12u) << "each once";
        orders.insert(first);
    }
    EXPECT_EQ(orders.size(), 3u);
}

TEST_F(SearchCalls, FewTilesAreOneCall) {
    offer({"1x1", "2x2", "3x3"}, {{"1x1", 100}, {"2x2", 50}, {"3x3", 200}});
    const TuneResult result = search();
    ASSERT_EQ(runner.calls.size(), 2u);
    EXPECT_EQ(runner.calls[0].size(), 3u);
    EXPECT_EQ(runner.calls[1], (Tiles{"2x2", "1x1", "3x3"})) << "best first";
    EXPECT_EQ(result.tuned->chosen.tile, "2x2");
    EXPECT_EQ(result.tuned->chosen.median_ns, 50);
    EXPECT_NEAR(*result.tuned->regret, 2, 1e-12);
}

TEST_F(SearchCalls, FewerTogetherIsFewerInACall) {
    options.together = 2;
    options.coarse = 5;
    options.best_few = 1;
    offer(sixteen(), all_take(sixteen(), 100));
    search();
    ASSERT_EQ(runner.calls.size(), 4u);
    EXPECT_EQ(runner.calls[0].size(), 2u);
    EXPECT_EQ(runner.calls[1].size(), 1u + 2);
    EXPECT_EQ(runner.calls[2].size(), 1u + 1);
}

TEST_F(SearchCalls, TheLocalPartGoesFromNeighbourToNeighbour) {
    options.coarse = options.best_few = 1;
    offer({"1", "2", "4", "8", "16", "32", "64"},
          {{"1", 500}, {"2", 400}, {"4", 300}, {"8", 200}, {"16", 100}, {"32", 150}, {"64", 10}});
    const TuneResult result = search();
    EXPECT_EQ(runner.calls,
              (std::vector<Tiles>{{"1"}, {"1", "2"}, {"2", "4"}, {"4", "8"}, {"8", "16"}, {"16", "32"}, {"16", "1"}}));
    EXPECT_EQ(result.tuned->stopped_by, "no better neighbour");
    EXPECT_EQ(result.tuned->chosen.tile, "16");
    EXPECT_NEAR(*result.tuned->regret, 5, 1e-12);
    EXPECT_EQ(result.tuned->finalists.size(), 2u);
}

TEST_F(SearchCalls, TheLocalPartTriesTheNeighboursOfTheBestFewOnce) {
    options.coarse = options.best_few = 2;
    offer({"1", "2", "4", "8", "16", "32", "64"}, all_take({"1", "2", "4", "8", "16", "32", "64"}, 500));
    runner.times["4"] = 110;
    runner.times["16"] = 100;
    search({passed("16", 100, 1), passed("4", 110, 1.1), {"99", Outcome::passed, "", 1, 0.01}});
    ASSERT_EQ(runner.calls.size(), 3u);
    EXPECT_EQ(runner.calls[0], (Tiles{"16", "1"})) << "there are two already; the default comes first";
    EXPECT_EQ(runner.calls[1], (Tiles{"16", "8", "32", "2"})) << "8 lies beside both; 99 is no tile";
    EXPECT_EQ(runner.calls[2], (Tiles{"16", "4", "1"}));
    runner.calls.clear();
    options.together = 2;
    search({passed("16", 100, 1), passed("4", 110, 1.1)});
    EXPECT_EQ(runner.calls.at(1), (Tiles{"16", "8", "32"}));
    EXPECT_EQ(runner.calls.at(2), (Tiles{"16", "2"}));
}

TEST_F(SearchCalls, WhatWasTriedBeforeIsNotTriedAgain) {
    options.coarse = 8;
    options.best_few = 1;
    offer({"1x1", "2x2", "3x3", "4x4"}, all_take({"1x1", "2x2", "3x3", "4x4"}, 100));
    runner.times["2x2"] = 50;
    const TuneResult result =
        search({passed("1x1", 100, 1), passed("2x2", 50, 0.5), {"3x3", Outcome::wrong, "", 0, 0}});
    EXPECT_EQ(runner.calls, (std::vector<Tiles>{{"2x2", "4x4"}, {"2x2", "1x1"}}));
    EXPECT_EQ(result.tuned->stopped_by, "every tile tried");
    EXPECT_EQ(result.tuned->failed.size(), 1u);
}

TEST_F(SearchCalls, AFullJournalAddsTheDefaultAlone) {
    options.coarse = 2;
    options.best_few = 1;
    offer(sixteen(), all_take(sixteen(), 100));
    search({passed("2x2", 50, 1), passed("3x3", 60, 1.2), passed("4x4", 70, 1.4)});
    EXPECT_EQ(runner.calls.at(0), (Tiles{"2x2", "1x1"}));
    EXPECT_EQ(runner.calls.size(), 2u);
}

TEST_F(SearchCalls, WhatIsRefusedCountsAsTried) {
    offer({"1x1", "2x2", "3x3"}, {{"1x1", 100}, {"2x2", 100}, {"3x3", 100}}, {"2x2"});
    const TuneResult result = search();
    EXPECT_EQ(std::ranges::count(runner.calls.at(0), "2x2"), 0);
    EXPECT_EQ(result.tuned->stopped_by, "every tile tried");
    EXPECT_EQ(result.tuned->candidates, 2u);
}

TEST_F(SearchCalls, RelativeTimesAreThroughTheBestSoFarInTheSameCall) {
    options.coarse = options.best_few = 1;
    offer({"1", "2", "4"}, {{"1", 400}, {"2", 200}, {"4", 100}});
    runner.drift = 3;
    std::map<std::string, double> relative, median;
    for (const TriedTile& tile : search().tried) {
        relative[tile.tile] = tile.relative;
        median[tile.tile] = tile.median_ns;
    }
    EXPECT_EQ(relative, (std::map<std::string, double>{{"1", 1}, {"2", 0.5}, {"4", 0.25}}));
    EXPECT_EQ(median, (std::map<std::string, double>{{"1", 1200}, {"2", 1800}, {"4", 900}})) << "of the last call";
}

TEST_F(SearchCalls, TheFirstThatPassesIsTheMeasureOfTheRest) {
    options.coarse = 3;
    offer({"1x1", "2x2", "3x3"}, {{"2x2", 200}, {"3x3", 50}});
    std::map<std::string, double> relative;
    for (const TriedTile& tile : search().tried) relative[tile.tile] = tile.relative;
    const bool two_first = runner.calls.at(0).at(1) == "2x2";
    EXPECT_EQ(relative,
              (std::map<std::string, double>{{"1x1", 0}, {"2x2", two_first ? 1 : 4}, {"3x3", two_first ? 0.25 : 1}}));
}

TEST_F(SearchCalls, ABestThatFailsLeavesItsLastTime) {
    options.coarse = options.best_few = 1;
    offer({"1", "2", "4"}, {{"1", 400}, {"2", 200}, {"4", 100}});
    runner.fails_in["1"] = 2;
    const TuneResult result = search();
    EXPECT_EQ(runner.calls.at(1), (Tiles{"1", "2"}));
    EXPECT_EQ(result.tuned->failed.size(), 1u);
    EXPECT_EQ(result.tuned->failed.at(0).tile, "1");
    EXPECT_EQ(result.tuned->failed.at(0).reason, "told to be");
    EXPECT_EQ(result.tuned->failed.at(0).median_ns, 0);
    EXPECT_EQ(result.tuned->failed.at(0).relative, 0);
    EXPECT_FALSE(result.tuned->regret) << "it is the default, and is in no final";
    EXPECT_EQ(result.tuned->chosen.tile, "4");
}

TEST_F(SearchCalls, AnUntimedTileIsNeitherTimedNorFailed) {
    offer({"1x1", "2x2"}, {{"1x1", 100}, {"2x2", 0}});
    const TuneResult result = search();
    ASSERT_EQ(result.tried.size(), 2u);
    const TriedTile& untimed = result.tried[1];
    EXPECT_EQ(untimed.tile, "2x2");
    EXPECT_EQ(untimed.outcome, Outcome::skipped);
    EXPECT_EQ(untimed.reason, "too slow");
    EXPECT_EQ(untimed.median_ns, 0);
    EXPECT_EQ(untimed.relative, 0);
    EXPECT_TRUE(result.tuned->failed.empty());
}

TEST_F(SearchCalls, OneThatFailsInTheFinalIsAmongTheFailed) {
    offer({"1x1", "2x2"}, {{"1x1", 100}, {"2x2", 50}});
    runner.fails_in["2x2"] = 2;
    const TuneResult result = search();
    EXPECT_EQ(runner.calls, (std::vector<Tiles>{{"1x1", "2x2"}, {"2x2", "1x1"}}));
    EXPECT_EQ(result.tuned->chosen.tile, "1x1");
    ASSERT_EQ(result.tuned->failed.size(), 1u);
    EXPECT_EQ(result.tuned->failed[0].tile, "2x2");
    runner.calls.clear();
    runner.fails_in = {{"1x1", 2}, {"2x2", 2}};
    EXPECT_FALSE(search().tuned) << "nothing is left";
}

TEST_F(SearchCalls, TheFinalIsLongerThanTheSearch) {
    options.sampling.regime = Regime::sustained;
    options.sampling.cell_timeout_seconds = 7;
    offer({"1x1", "2x2"}, {{"1x1", 100}, {"2x2", 50}});
    search();
    ASSERT_EQ(runner.options.size(), 2u);
    const SamplerOptions &searching = runner.options[0], &final = runner.options[1];
    EXPECT_EQ(searching.regime, Regime::burst);
    EXPECT_EQ(searching.interval, 0.02);
    EXPECT_EQ(searching.cell_seconds, 0.05);
    EXPECT_EQ(searching.longest_timed_seconds, 7);
    EXPECT_EQ(searching.least_samples, 3u);
    EXPECT_EQ(searching.most_samples, 30u);
    EXPECT_EQ(final.regime, Regime::burst);
    EXPECT_EQ(final.interval, 0);
    EXPECT_EQ(final.cell_seconds, 1) << "at most, however long there is";
    EXPECT_EQ(final.longest_timed_seconds, 7);
    EXPECT_EQ(final.least_samples, 10u);
    EXPECT_EQ(final.most_samples, 200u);
}

TEST_F(SearchCalls, TheFinalSharesWhatIsLeftOfTheTime) {
    runner.takes = std::chrono::milliseconds(100);
    options.seconds = 0.5;
    options.best_few = 1;
    offer({"1x1", "2x2"}, {{"1x1", 100}, {"2x2", 50}});
    search();
    // 0.1 of 0.5 s are over, and two of three shares are for the finalists.
    ASSERT_EQ(runner.options.size(), 2u);
    EXPECT_LE(runner.options[1].cell_seconds, 0.4 / 3);
    runner.takes = std::chrono::milliseconds(0);
    options.seconds = 0;
    runner.options.clear();
    search();
    EXPECT_EQ(runner.options.back().cell_seconds, 0.1) << "at least, however little there is";
}

TEST_F(SearchCalls, WhatIsTriedInTheTimeFollowsFromWhatWasTried) {
    // Four took at least 40 ms: in what is left of 0.45 × 0.2 s no more than five will.
    runner.takes = std::chrono::milliseconds(40);
    options.seconds = 0.2;
    options.coarse = 16;
    offer(sixteen(), all_take(sixteen(), 100));
    search();
    EXPECT_EQ(runner.calls.at(0).size(), 4u);
    EXPECT_LE(runner.calls.at(1).size(), 1u + 5);
}

TEST_F(SearchCalls, AStopEndsEachPart) {
    options.coarse = 1;
    offer({"1", "2", "4"}, {{"1", 400}, {"2", 200}, {"4", 100}});
    for (std::size_t after = 0; after <= 4; ++after) {
        runner.calls.clear();
        watcher.stop = [&] { return runner.calls.size() >= after; };
        const TuneResult result = search();
        EXPECT_EQ(runner.calls.size(), after) << after;
        EXPECT_TRUE(result.interrupted) << after;
        EXPECT_FALSE(result.tuned) << after;
    }
    watcher.stop = [] { return false; };
    runner.calls.clear();
    EXPECT_FALSE(search().interrupted);
    EXPECT_EQ(runner.calls.size(), 4u);
}

TEST_F(SearchCalls, TheFinalIsAnnounced) {
    std::vector<std::string> said;
    watcher.progress = [&](const std::string& line) { said.push_back(line); };
    offer({"1x1", "2x2"}, {{"1x1", 100}, {"2x2", 50}});
    search();
    EXPECT_EQ(said, std::vector<std::string>{"the best 2 against each other"});
}

}  // namespace
}  // namespace stele::search_calls_test
