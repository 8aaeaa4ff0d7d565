#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "backends/error.hpp"
#include "harness/base/statistics.hpp"
#include "harness/measure/runner.hpp"
#include "harness/measure/runner_here.hpp"
#include "tests/support/fake_device.hpp"
#include "tests/support/run_on.hpp"
#include "tests/support/twice.hpp"

namespace stele::runner_test {
namespace {

using test::FakeDevice;
using test::twice_variant;
using test::TwiceProblem;

class BenchTest : public testing::Test {
protected:
    BenchTest() {
        options.least_samples = 5;
        options.most_samples = 40;
        options.cell_seconds = 10;
    }

    std::vector<Measurement> bench(const std::vector<const Variant*>& variants) {
        std::vector<test::OnDevice> cells;
        for (const Variant* variant : variants) cells.push_back({variant, &problem, &device});
        return test::bench_on(cells, options, watcher);
    }
    Measurement bench(const Variant& variant) { return bench(std::vector{&variant}).at(0); }

    FakeDevice device;
    TwiceProblem problem{64, 256};  // 128 KiB of operands; the fake cache has 1 MiB
    SamplerOptions options;
    Watcher watcher;
};

bool says(const Measurement& measurement, std::string_view text) {
    return measurement.verdict.reason.find(text) != std::string::npos;
}

TEST_F(BenchTest, ASteadyCellStopsAtItsInterval) {
    const Measurement steady = bench(twice_variant("steady"));
    ASSERT_EQ(steady.verdict.outcome, Outcome::passed) << steady.verdict.reason;
    ASSERT_TRUE(steady.timing);
    EXPECT_EQ(steady.timing->stopped_by, StoppedBy::interval);
    EXPECT_EQ(steady.timing->samples_ns.size(), 6u) << "fewer cannot give a 95 % interval";
    EXPECT_EQ(steady.timing->passes, 6u);
    EXPECT_EQ(steady.timing->median_ns, 1000);
    EXPECT_GE(steady.timing->coverage, 0.95);
    EXPECT_EQ(steady.timing->build_ns, 5e6);
    EXPECT_GT(steady.timing->first_launch_ns, 0);
    EXPECT_EQ(steady.variant, "twice/steady.host");
    EXPECT_EQ(steady.flops, 64 * 256);
}

TEST_F(BenchTest, ANoisyCellStopsAtTheSampleLimit) {
    SeededDraws draws(1);
    device.time = [&](const std::string&) { return 1000.0 + static_cast<double>(draws.below(500)); };
    const Measurement noisy = bench(twice_variant("noisy"));
    ASSERT_TRUE(noisy.timing);
    EXPECT_EQ(noisy.timing->stopped_by, StoppedBy::sample_limit);
    EXPECT_EQ(noisy.timing->samples_ns.size(), 40u);
    EXPECT_LT(noisy.timing->low_ns, noisy.timing->median_ns);
    EXPECT_GT(noisy.timing->high_ns, noisy.timing->median_ns);
}

TEST_F(BenchTest, TheTimeLimitWaitsForTheLeastSamples) {
    SeededDraws draws(1);
    device.time = [&](const std::string&) { return 1000.0 + static_cast<double>(draws.below(500)); };
    options.cell_seconds = 1e-4;  // one sample on the fake device takes less than four times this
    options.least_samples = 3;
    const Measurement limited = bench(twice_variant("limited"));
    ASSERT_TRUE(limited.timing) << limited.verdict.reason;
    EXPECT_EQ(limited.timing->stopped_by, StoppedBy::time_limit);
}

TEST_F(BenchTest, ColdOperandsRotateOverTwiceTheCache) {
    const Measurement cold = bench(twice_variant("cold"));
    ASSERT_TRUE(cold.timing);
    EXPECT_EQ(cold.timing->footprint_bytes, 128 * 1024);
    EXPECT_EQ(cold.timing->rotations, 16u);
    EXPECT_GE(cold.timing->footprint_bytes * cold.timing->rotations, 2.0 * device.description.cache_bytes);
    EXPECT_FALSE(cold.timing->evicted);
    EXPECT_EQ(device.evictions, 0);
    const std::set<const Buffer*> first_seven(device.first_arguments.begin(), device.first_arguments.end());
    EXPECT_EQ(first_seven.size(), device.first_arguments.size()) << "each execution has its own operands";
}

TEST_F(BenchTest, SetsThatMemoryCannotHoldAreReplacedByEviction) {
    device.memory_limit = 4 * 128 * 1024;
    const Measurement evicted = bench(twice_variant("evicted"));
    ASSERT_TRUE(evicted.timing) << evicted.verdict.reason;
    EXPECT_TRUE(evicted.timing->evicted);
    EXPECT_LT(evicted.timing->rotations, 16u);
    EXPECT_EQ(static_cast<std::size_t>(device.evictions), evicted.timing->samples_ns.size());
}

TEST_F(BenchTest, ACacheOfUnknownSizeIsEvicted) {
    device.description.cache_bytes = 0;
    EXPECT_TRUE(bench(twice_variant("unknown")).timing->evicted);
}

TEST_F(BenchTest, WarmKeepsOneSetAndRunsBeforeEachSample) {
    options.cache = CacheMode::warm;
    const Measurement warm = bench(twice_variant("warm"));
    ASSERT_TRUE(warm.timing);
    EXPECT_EQ(warm.timing->rotations, 1u);
    EXPECT_FALSE(warm.timing->evicted);
    EXPECT_EQ(device.ran.size(), 2 + warm.timing->samples_ns.size()) << "two checks, and one run before each sample";
}

TEST_F(BenchTest, ShortExecutionsAreBatched) {
    device.description.timer_resolution_ns = 1000;
    device.time = [](const std::string&) { return 4000.0; };
    const Measurement batched = bench(twice_variant("batched"));
    ASSERT_TRUE(batched.timing) << batched.verdict.reason;
    EXPECT_GE(batched.timing->batch * 4000.0, 50 * 1000.0);
    EXPECT_LT(batched.timing->batch * 4000.0, 100 * 1000.0) << "not more than needed";
    EXPECT_DOUBLE_EQ(batched.timing->median_ns, 4000);
}

TEST_F(BenchTest, PassesInterleaveInShuffledOrder) {
    SeededDraws draws(1);
    device.time = [&](const std::string&) { return 1000.0 + static_cast<double>(draws.below(500)); };
    const Variant a = twice_variant("a"), b = twice_variant("b"), c = twice_variant("c");
    const auto measured = bench({&a, &b, &c});
    // The first three are the search for a batch; then each pass has each cell once.
    std::set<std::string> orders;
    for (std::size_t pass = 0; pass < 40; ++pass) {
        std::string order;
        for (std::size_t i = 0; i < 3; ++i) order += device.timed.at(3 + 3 * pass + i);
        orders.insert(order);
        std::sort(order.begin(), order.end());
        ASSERT_EQ(order, "abc") << "pass " << pass;
    }
    EXPECT_GT(orders.size(), 3u) << "not one fixed order";
    const auto first = device.timed;
    device.timed.clear();
    draws = SeededDraws(1);
    bench({&a, &b, &c});
    EXPECT_EQ(first, device.timed) << "the same seed, the same order";
    EXPECT_EQ(measured.at(2).timing->pass.back(), 39u);
}

TEST_F(BenchTest, DriftHitsAllCellsAlike) {
    // The clock slows down by a third during the run; all of A and then all of B would show a third between equals.
    int launches = 0;
    device.time = [&](const std::string&) { return 1000.0 + 2.0 * launches++; };
    options.interval = 0;
    const Variant a = twice_variant("a"), b = twice_variant("b");
    const auto measured = bench({&a, &b});
    EXPECT_NEAR(measured[0].timing->median_ns / measured[1].timing->median_ns, 1, 0.01);
}

TEST_F(BenchTest, ATimeBelowTheFloorIsImpossible) {
    device.description.is_cpu = true;
    device.description.compute_units = 1;
    device.time = [](const std::string&) { return 20.0; };  // 16 kflop: at least 39 ns on one core with AVX-512
    const Measurement impossible = bench(twice_variant("impossible"));
#if defined(__x86_64__)
    EXPECT_EQ(impossible.verdict.outcome, Outcome::impossible);
    EXPECT_FALSE(impossible.timing);
    EXPECT_TRUE(says(impossible, "below")) << impossible.verdict.reason;
#else
    ASSERT_TRUE(impossible.timing);
    EXPECT_EQ(impossible.timing->floor_ns, 0) << "no peak is known here, so nothing is impossible";
#endif
}

TEST_F(BenchTest, WithoutAPeakTheTimingSaysSo) {
    const Measurement measured = bench(twice_variant("unknown"));
    EXPECT_EQ(measured.timing->floor_ns, 0);
    EXPECT_EQ(measured.timing->floor_reason, "no floor: no peak is known for Fake");
}

TEST_F(BenchTest, AWrongCellIsNeverTimed) {
    const Variant wrong =
        twice_variant("wrong", [](float*, float* y, std::int64_t count) { std::fill_n(y, count, 0.f); });
    const Variant right = twice_variant("right");
    const auto measured = bench({&wrong, &right});
    EXPECT_EQ(measured[0].verdict.outcome, Outcome::wrong);
    EXPECT_FALSE(measured[0].timing);
    EXPECT_EQ(measured[1].verdict.outcome, Outcome::passed) << "the run goes on";
    EXPECT_EQ(std::count(device.timed.begin(), device.timed.end(), "wrong"), 0);
}

TEST_F(BenchTest, OneThatTurnsWrongLosesItsTiming) {
    int calls = 0;
    const Measurement turned = bench(twice_variant("turns", [&](float* x, float* y, std::int64_t count) {
        test::twice(x, y, count);
        if (++calls > 5) y[3] = 7;
    }));
    EXPECT_EQ(turned.verdict.outcome, Outcome::wrong);
    EXPECT_FALSE(turned.timing);
    EXPECT_TRUE(says(turned, "after timing, on fresh inputs")) << turned.verdict.reason;
}

TEST_F(BenchTest, BuildFailureAndMemoryAreOneCellsMatter) {
    device.broken_builds.insert("broken");
    const Variant broken = twice_variant("broken"), right = twice_variant("right");
    const auto measured = bench({&broken, &right});
    EXPECT_EQ(measured[0].verdict.outcome, Outcome::error);
    EXPECT_TRUE(says(measured[0], "line 3: no such name")) << "with the log: " << measured[0].verdict.reason;
    EXPECT_EQ(measured[1].verdict.outcome, Outcome::passed);
    device.memory_limit = 0;
    const Measurement full = bench(right);
    EXPECT_EQ(full.verdict.outcome, Outcome::skipped);
    EXPECT_TRUE(says(full, "not enough memory")) << full.verdict.reason;
}

TEST_F(BenchTest, UnsupportedIsSkippedWithItsReason) {
    Variant picky = twice_variant("picky");
    picky.supports_problem = [](const DeviceInfo&, const Problem&) { return Support::no("needs eight legs"); };
    const Measurement skipped = bench(picky);
    EXPECT_EQ(skipped.verdict.outcome, Outcome::skipped);
    EXPECT_EQ(skipped.verdict.reason, "needs eight legs");
}

TEST_F(BenchTest, ADeviceForResultsIsNeverTimed) {
    device.description.for_results_only = true;
    EXPECT_EQ(bench(twice_variant("any")).verdict.outcome, Outcome::skipped);
    EXPECT_TRUE(device.timed.empty());
    const Variant variant = twice_variant("any");
    const test::OnDevice cell{&variant, &problem, &device};
    EXPECT_EQ(test::verify_on({cell}, options, watcher).at(0).verdict.outcome, Outcome::passed);
}

TEST_F(BenchTest, ClocksAreKeptPerSampleWhereTheyAreTold) {
    EXPECT_TRUE(bench(twice_variant("silent")).timing->clock.empty());
    device.health.sm_mhz = 1980;
    const Measurement told = bench(twice_variant("told"));
    EXPECT_EQ(told.timing->clock.size(), told.timing->samples_ns.size());
}

TEST_F(BenchTest, InterruptKeepsWhatIsMeasuredAndLeavesOutTheRest) {
    SeededDraws draws(1);
    device.time = [&](const std::string&) { return 1000.0 + static_cast<double>(draws.below(500)); };
    watcher.stop = [&] { return device.timed.size() >= 11; };
    const Variant a = twice_variant("a"), b = twice_variant("b");
    TwiceProblem later(8, 8);
    const auto measured =
        test::bench_on({{&a, &problem, &device}, {&b, &problem, &device}, {&a, &later, &device}}, options, watcher);
    ASSERT_EQ(measured.size(), 2u) << "the second problem was not reached";
    EXPECT_EQ(measured[0].timing->stopped_by, StoppedBy::interrupted);
    watcher.stop = [] { return true; };
    EXPECT_TRUE(bench({&a}).empty());
}

TEST_F(BenchTest, AnErrorThatAnInterruptMadeIsNotTheKernels) {
    // A signal to the group ends the run and the linker that a driver had started.
    device.broken_builds = {"cut off"};
    bool signalled = false;
    watcher.progress = [&](const std::string& line) { signalled |= line.find("cut off") != std::string::npos; };
    watcher.stop = [&] { return signalled; };
    const Variant whole = twice_variant("whole"), cut_off = twice_variant("cut off");
    const auto kept = bench({&whole, &cut_off});
    const auto cut =
        std::ranges::find_if(kept, [](const Measurement& cell) { return says(cell, "FAKE_BUILD_FAILURE"); });
    ASSERT_NE(cut, kept.end());
    EXPECT_EQ(cut->verdict.outcome, Outcome::skipped);
    EXPECT_TRUE(says(*cut, "interrupted: ")) << cut->verdict.reason;
}

TEST_F(BenchTest, InterruptedBeforeAnySampleHasNoMeasurement) {
    const Variant a = twice_variant("a");
    watcher.stop = [&] { return !device.ran.empty(); };
    EXPECT_TRUE(bench({&a}).empty());
}

TEST_F(BenchTest, ProfileRunsOnceInANamedRange) {
    const Variant variant = twice_variant("profiled");
    const auto measured = test::run_on(Work::profile, {{&variant, &problem, &device}}, options, watcher);
    EXPECT_EQ(measured.at(0).verdict.outcome, Outcome::passed);
    EXPECT_FALSE(measured[0].timing);
    ASSERT_EQ(device.ranges.size(), 2u);
    EXPECT_EQ(device.ranges[0], "twice/profiled.host on rows=64 columns=256 f32 (fake:0)");
    EXPECT_EQ(device.ranges[1], "end");
    EXPECT_EQ(device.ran.size(), 3u) << "checked, warmed, profiled";
}

TEST_F(BenchTest, ReferencesAreSharedByTheVariantsOfAProblem) {
    const Variant a = twice_variant("a"), b = twice_variant("b"), c = twice_variant("c");
    bench({&a, &b, &c});
    EXPECT_EQ(problem.references, 2) << "one before timing, one after";
}

TEST_F(BenchTest, RunOnGivenInputs) {
    const Variant variant = twice_variant("given");
    std::vector<Tensor> inputs = problem.inputs(77, Fill::normal);
    const GivenRun run = test::run_given_on({&variant, &problem, &device}, inputs, options);
    EXPECT_EQ(run.measurement.verdict.outcome, Outcome::passed);
    ASSERT_EQ(run.outputs.size(), 1u);
    EXPECT_EQ(run.outputs[0].as<float>()[5], 2 * inputs[0].as<float>()[5]);
    inputs[0] = Tensor(TensorSpec{"X", Role::input, Dtype::f32, {3, 3}, {"R", "C"}});
    EXPECT_THROW(test::run_given_on({&variant, &problem, &device}, inputs, options), ProblemError);
    EXPECT_THROW(test::run_given_on({&variant, &problem, &device}, {}, options), ProblemError);
}

TEST_F(BenchTest, ProgressIsOneLineForWhatIsNew) {
    std::vector<std::string> lines;
    watcher.progress = [&](const std::string& line) { lines.push_back(line); };
    const Variant a = twice_variant("a"), b = twice_variant("b");
    bench({&a, &b});
    const std::vector<std::string> titles{"verifying twice/a.host on rows=64 columns=256 f32 (fake:0)",
                                          "verifying twice/b.host on rows=64 columns=256 f32 (fake:0)"};
    std::vector<std::string> wanted;
    for (const std::string& title : titles)
        for (const char* step : {": building", ": computing its reference", ""}) wanted.push_back(title + step);
    for (int pass = 1; pass <= 6; ++pass)
        wanted.push_back("twice rows=64 columns=256 f32: pass " + std::to_string(pass) + ", 2 cells");
    for (const std::string& title : titles) wanted.push_back(title + ": computing its reference");  // of fresh inputs
    EXPECT_EQ(lines, wanted);
    lines.clear();
    options.regime = Regime::sustained;
    options.warmup_seconds = 0.01;
    bench({&a, &b});
    EXPECT_EQ(std::ranges::count(lines, "warming up, 0 s"),
              std::ranges::count_if(lines, [](const std::string& line) { return line.starts_with("warming up"); }));
    EXPECT_GE(std::ranges::count(lines, "warming up, 0 s"), 1);
    EXPECT_LE(std::ranges::count(lines, "warming up, 0 s"), 7) << "one a window, of which six times the time has six";
}

class RunnerTest : public BenchTest {
protected:
    void run(Work work, const std::vector<const Variant*>& variants) {
        std::vector<Cell> cells;
        for (const Variant* variant : variants) cells.push_back({variant, &problem, &device.info()});
        RunnerHere(devices, references).run(work, cells, options, events);
    }

    OpenDevices devices{device};
    ReferenceCache references;
    std::vector<std::pair<Phase, std::size_t>> told;
    std::vector<std::pair<std::size_t, Measurement>> finished;
    /// What had been told when the cell was finished.
    std::map<std::size_t, std::size_t> told_before;
    RunnerEvents events{[&](const Intent& intent) { told.emplace_back(intent.phase, intent.cell); },
                        [&](std::size_t cell, Measurement measurement) {
                            told_before[cell] = told.size();
                            finished.emplace_back(cell, std::move(measurement));
                        },
                        [] { return false; }};
};

TEST_F(RunnerTest, TellsWhatItIsAboutToDoBeforeItDoesIt) {
    std::vector<std::pair<Phase, std::size_t>> when_run;
    const auto note = [&](float* x, float* y, std::int64_t count) {
        test::twice(x, y, count);
        when_run.push_back(told.back());
    };
    const Variant a = twice_variant("a", note), b = twice_variant("b", note);
    run(Work::bench, {&a, &b});
    ASSERT_FALSE(when_run.empty());
    EXPECT_EQ(when_run.front(), (std::pair{Phase::verify, std::size_t{0}}));
    EXPECT_EQ(when_run.back(), (std::pair{Phase::check_again, std::size_t{1}}));
    EXPECT_EQ(std::count(told.begin(), told.end(), std::pair{Phase::sample, std::size_t{1}}), 6);
}

TEST_F(RunnerTest, FinishesEachCellOnceAndAsSoonAsNothingMoreIsDoneWithIt) {
    const Variant wrong =
        twice_variant("wrong", [](float*, float* y, std::int64_t count) { std::fill_n(y, count, 0.f); });
    const Variant right = twice_variant("right");
    run(Work::bench, {&right, &wrong});
    ASSERT_EQ(finished.size(), 2u);
    EXPECT_EQ(finished[0].first, 1u);
    const auto timed =
        std::find_if(told.begin(), told.end(), [](const auto& one) { return one.first == Phase::prepare; });
    EXPECT_LE(told_before[1], static_cast<std::size_t>(timed - told.begin())) << "a wrong one before any is timed";
    EXPECT_EQ(finished[1].first, 0u);
    EXPECT_TRUE(finished[1].second.timing);
}

TEST_F(RunnerTest, WhatFailsWhileItIsTimedIsFinishedWithItsReason) {
    int asked = 0;
    device.time = [&](const std::string& entry) -> double {
        if (entry == "breaks" && ++asked == 4) throw DeviceError("run", -5, "OUT_OF_RESOURCES");
        return 1000;
    };
    const Variant breaks = twice_variant("breaks"), right = twice_variant("right");
    run(Work::bench, {&breaks, &right});
    ASSERT_EQ(finished.size(), 2u);
    EXPECT_EQ(finished[0].first, 0u);
    EXPECT_EQ(finished[0].second.verdict.outcome, Outcome::error);
    EXPECT_FALSE(finished[0].second.timing);
    EXPECT_EQ(asked, 4) << "nothing more is done with it";
    EXPECT_TRUE(finished[1].second.timing) << "the others go on";
}

}  // namespace
}  // namespace stele::runner_test
