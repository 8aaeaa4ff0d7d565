// Rounds: what is measured again, in which order, and how several make one; and what is said of each step.
#include "harness/measure/rounds.hpp"

#include <gtest/gtest.h>

#include <set>

#include "harness/base/error.hpp"
#include "harness/measure/merged_timing.hpp"
#include "harness/measure/verified_cell.hpp"
#include "tests/support/twice.hpp"

namespace stele::rounds_test {
namespace {

Timing timing_of(std::vector<double> samples) {
    Timing timing;
    for (std::uint32_t i = 0; i < samples.size(); ++i) timing.pass.push_back(i);
    timing.round.assign(samples.size(), 0);
    timing.samples_ns = std::move(samples);
    summarise(timing);
    timing.stopped_by = StoppedBy::interval;
    return timing;
}

/// Times every cell as long as the round has it, but for those that it is told are wrong.
class RoundRunner : public CellRunner {
public:
    FoundDevices found() override { return {}; }
    ClockCheck check_clock(const DeviceInfo&) override { return {}; }
    GivenRun run_given(const Cell&, const Given&, const SamplerOptions&, const RunnerEvents&) override { return {}; }
    void begin_round() override { calls.push_back("fresh"); }
    void run(Work work, std::span<const Cell> cells, const SamplerOptions& options,
             const RunnerEvents& events) override {
        EXPECT_EQ(work, Work::bench);
        std::string call = std::to_string(options.round) + ":";
        for (std::size_t i = 0; i < cells.size(); ++i) {
            call += " " + cells[i].variant->algorithm;
            events.about_to({Phase::verify, i});
            Measurement cell = blank_measurement(cells[i], options);
            cell.verdict.outcome = wrong.contains(cells[i].variant->algorithm) ? Outcome::wrong : Outcome::passed;
            if (cell.verdict.outcome == Outcome::passed) cell.timing = timing_of({100.0 * (options.round + 1)});
            events.finished(i, std::move(cell));
        }
        calls.push_back(call);
    }
    std::vector<std::string> calls;
    std::set<std::string> wrong;
};

class RoundsOfCells : public testing::Test {
protected:
    RoundsOfCells() { device.id = "fake:0"; }
    Rounds rounds() {
        return Rounds(cells, [this](const JournalEntry& entry) { kept.push_back(entry); });
    }
    JournalEntry entry(std::size_t cell, std::uint32_t round, std::optional<Timing> timing) const {
        Measurement measured = blank_measurement(cells[cell], {});
        measured.verdict.outcome = timing ? Outcome::passed : Outcome::wrong;
        measured.timing = std::move(timing);
        return {cell, round, measured};
    }

    DeviceInfo device;
    test::TwiceProblem problem{4, 8};
    Variant a = test::twice_variant("a"), b = test::twice_variant("b"), c = test::twice_variant("c");
    std::vector<Cell> cells{{&a, &problem, &device}, {&b, &problem, &device}, {&c, &problem, &device}};
    std::vector<JournalEntry> kept;
    RoundRunner runner;
    Watcher watcher;
};

TEST_F(RoundsOfCells, AlternateTheirOrderAndBeginAfresh) {
    Rounds all = rounds();
    std::vector<std::string> said;
    watcher.progress = [&](const std::string& line) { said.push_back(line.substr(0, 9)); };
    all.bench(runner, {}, 3, watcher);
    EXPECT_EQ(runner.calls, (std::vector<std::string>{"0: a b c", "fresh", "1: c b a", "fresh", "2: a b c"}));
    ASSERT_EQ(kept.size(), 9u);
    EXPECT_EQ(kept[3].cell, 2u);
    EXPECT_EQ(kept[3].round, 1u);
    const auto measured = all.measurements();
    ASSERT_EQ(measured.size(), 3u);
    EXPECT_EQ(measured[1].variant, "twice/b.host");
    EXPECT_EQ(measured[1].timing->samples_ns, (std::vector<double>{100, 200, 300}));
    EXPECT_EQ(measured[1].timing->round, (std::vector<std::uint32_t>{0, 1, 2}));
    EXPECT_EQ(said.front(), "round 1: ");
    EXPECT_EQ(said.back(), "round 3: ");
}

TEST_F(RoundsOfCells, OneIsNotCalledARound) {
    std::vector<std::string> said;
    watcher.progress = [&](const std::string& line) { said.push_back(line); };
    Rounds one = rounds();
    one.bench(runner, {}, 1, watcher);
    EXPECT_EQ(said.front(), "verifying twice/a.host on rows=4 columns=8 f32 (fake:0)");
    EXPECT_EQ(runner.calls, std::vector<std::string>{"0: a b c"});
}

TEST_F(RoundsOfCells, LeaveAloneWhatARoundFoundFaultWith) {
    runner.wrong = {"b"};
    Rounds all = rounds();
    all.bench(runner, {}, 2, watcher);
    EXPECT_EQ(runner.calls, (std::vector<std::string>{"0: a b c", "fresh", "1: c a"}));
    EXPECT_EQ(all.measurements()[1].verdict.outcome, Outcome::wrong);
    EXPECT_FALSE(all.measurements()[1].timing);
}

TEST_F(RoundsOfCells, GoOnWithWhatAJournalHas) {
    Rounds all = rounds();
    Timing broken_off = timing_of({7});
    broken_off.stopped_by = StoppedBy::interrupted;
    all.recall({entry(0, 0, timing_of({7})), entry(1, 0, broken_off), entry(2, 0, {}), entry(0, 1, timing_of({8}))});
    EXPECT_EQ(all.measurements().size(), 2u) << "a and c; b's series is taken again";
    all.bench(runner, {}, 2, watcher);
    EXPECT_EQ(runner.calls, (std::vector<std::string>{"0: b", "fresh", "1: b"}));
    EXPECT_EQ(all.measurements()[0].timing->samples_ns, (std::vector<double>{7, 8}));
    runner.calls.clear();
    all.bench(runner, {}, 2, watcher);
    EXPECT_TRUE(runner.calls.empty()) << "nothing is left";
}

TEST_F(RoundsOfCells, RefuseAJournalOfOtherCells) {
    JournalEntry beyond = entry(0, 0, {}), variant = beyond, on = beyond, elsewhere = beyond;
    beyond.cell = 3;
    variant.measurement.variant = "twice/z.host";
    on.measurement.problem = "another";
    elsewhere.measurement.device = "fake:1";
    for (const JournalEntry& other : {beyond, variant, on, elsewhere}) {
        Rounds all = rounds();
        EXPECT_THROW(all.recall({other}), BadInput);
    }
    Rounds all = rounds();
    EXPECT_NO_THROW(all.recall({entry(2, 0, {})}));
}

TEST_F(RoundsOfCells, EndWhenTheyAreToldTo) {
    watcher.stop = [this] { return !kept.empty(); };
    Rounds all = rounds();
    all.bench(runner, {}, 3, watcher);
    EXPECT_EQ(runner.calls.size(), 1u);
}

TEST(Summaries, CountPassesAndRoundsFromZero) {
    Timing timing = timing_of({4, 2, 9});
    timing.round = {0, 2, 1};
    summarise(timing);
    EXPECT_EQ(timing.rounds, 3u);
    EXPECT_EQ(timing.passes, 3u);
    EXPECT_EQ(timing.median_ns, 4);
    EXPECT_EQ(timing.low_ns, 2);
    EXPECT_EQ(timing.high_ns, 9);
    EXPECT_DOUBLE_EQ(timing.coverage, 0.75) << "the range of three misses where all lie on one side: 2 of 8";
    timing.pass.clear();
    timing.round.clear();
    summarise(timing);
    EXPECT_EQ(timing.rounds, 0u);
    EXPECT_EQ(timing.passes, 0u);
}

TEST(Summaries, AppendedSamplesKeepWhatWasStolen) {
    Timing timing;
    Sample calm, robbed;
    calm.ns = 5;
    robbed.ns = 6;
    robbed.pass = 1;
    robbed.stolen_ms = 20;
    robbed.clock.sm_mhz = 1000;
    append(timing, calm);
    append(timing, calm);
    EXPECT_FALSE(timing.stolen_ms);
    append(timing, robbed);
    append(timing, calm);
    EXPECT_EQ(timing.stolen_ms, (std::vector<double>{0, 0, 20, 0}));
    EXPECT_EQ(timing.samples_ns, (std::vector<double>{5, 5, 6, 5}));
    EXPECT_EQ(timing.pass, (std::vector<std::uint32_t>{0, 0, 1, 0}));
    EXPECT_EQ(timing.round, (std::vector<std::uint32_t>{0, 0, 0, 0}));
    EXPECT_EQ(timing.clock.at(2).sm_mhz, 1000);
}

TEST(Summaries, WhatIsNotOfTheSamplesIsTheLastParts) {
    Timing first = timing_of({1}), last = timing_of({2});
    first.stolen_ms = {5};
    first.batch = 2;
    last.batch = 3;
    const Timing both = merged(std::vector{first, last});
    EXPECT_EQ(both.batch, 3u);
    EXPECT_EQ(both.stolen_ms, (std::vector<double>{5, 0}));
    EXPECT_FALSE(both.cpu);
    Timing unrounded = timing_of({3});
    unrounded.round.clear();
    EXPECT_EQ(merged(std::vector{first, last, unrounded}).samples_ns.size(), 3u);
    last.stolen_ms = {7};
    EXPECT_EQ(merged(std::vector{timing_of({1}), last}).stolen_ms, (std::vector<double>{0, 7}));
}

TEST(GivenInputs, AreCheckedOneByOne) {
    DeviceInfo device;
    const test::TwiceProblem problem{2, 3};
    const Variant variant = test::twice_variant("a");
    const Cell cell{&variant, &problem, &device};
    const auto refusal = [&](std::vector<Tensor> inputs) -> std::string {
        try {
            given_inputs(cell, std::move(inputs));
        } catch (const ProblemError& error) {
            return error.what();
        }
        return "";
    };
    const Tensor right = problem.inputs(1, Fill::normal)[0];
    EXPECT_EQ(refusal({right}), "");
    EXPECT_EQ(refusal({}), "input X is missing");
    EXPECT_EQ(refusal({right, right}), "2 inputs given, 1 wanted");
    Tensor other_shape = right, other_dtype = right;
    other_shape.spec.shape = {3, 2};
    other_dtype.spec.dtype = Dtype::tf32;
    for (const Tensor& other : {other_shape, other_dtype})
        EXPECT_EQ(refusal({other}), "input X has another dtype or shape than rows=2 columns=3 f32 asks for");
}

/// Tells steps without doing them.
class TellingRunner : public RoundRunner {
public:
    void run(Work, std::span<const Cell>, const SamplerOptions&, const RunnerEvents& events) override {
        for (const Intent& intent : steps) events.about_to(intent);
    }
    std::vector<Intent> steps;
};

TEST_F(RoundsOfCells, AStepIsALineWhereItIsNews) {
    TellingRunner tells;
    std::vector<std::string> said;
    watcher.progress = [&](const std::string& line) { said.push_back(line); };
    for (const auto& [phase, name] : named_values<Phase>())
        if (phase != Phase::warm_up && phase != Phase::sample) tells.steps.push_back({phase, 0});
    for (const double seconds : {0.0, 0.0, 1.6}) tells.steps.push_back({Phase::warm_up, 0, 0, 3, seconds});
    for (const std::uint32_t pass : {0, 0, 1}) tells.steps.push_back({Phase::sample, 1, pass, 3});
    EXPECT_TRUE(run_cells(tells, Work::bench, cells, {}, watcher).empty());
    const std::string cell = "twice/a.host on rows=4 columns=8 f32 (fake:0)";
    EXPECT_EQ(said, (std::vector<std::string>{"verifying " + cell + ": building",
                                              "verifying " + cell + ": computing its reference", "verifying " + cell,
                                              "measuring the energy of " + cell, "profiling " + cell, "warming up, 0 s",
                                              "warming up, 2 s", "twice rows=4 columns=8 f32: pass 1, 3 cells",
                                              "twice rows=4 columns=8 f32: pass 2, 3 cells"}));
}

TEST_F(RoundsOfCells, CellsOfAProblemAreRunTogetherAndComeBackInTheirOrder) {
    const test::TwiceProblem other{1, 1};
    const std::vector<Cell> mixed{{&a, &problem, &device}, {&b, &other, &device}, {&c, &problem, &device}};
    std::vector<std::size_t> places;
    watcher.finished = [&](std::size_t place, const Measurement&) { places.push_back(place); };
    const auto measured = run_cells(runner, Work::bench, mixed, {}, watcher);
    EXPECT_EQ(runner.calls, (std::vector<std::string>{"0: a c", "0: b"}));
    EXPECT_EQ(places, (std::vector<std::size_t>{0, 2, 1}));
    ASSERT_EQ(measured.size(), 3u);
    EXPECT_EQ(measured[1].variant, "twice/b.host");
    EXPECT_EQ(measured[2].variant, "twice/c.host");
    watcher.stop = [this] { return !runner.calls.empty(); };
    runner.calls.clear();
    EXPECT_EQ(run_cells(runner, Work::bench, mixed, {}, watcher).size(), 2u);
}

}  // namespace
}  // namespace stele::rounds_test
