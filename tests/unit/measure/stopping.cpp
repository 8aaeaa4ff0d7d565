// When a cell has been executed often enough, and long enough before: the rule by which sampling stops, what has no
// time although it is right, and the warm-up.
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "harness/measure/runner.hpp"
#include "tests/support/fake_device.hpp"
#include "tests/support/run_on.hpp"
#include "tests/support/twice.hpp"

namespace stele::stopping_test {
namespace {

using test::twice_variant;
using test::TwiceProblem;

class Stopping : public testing::Test {
protected:
    Stopping() {
        options.most_samples = 40;
        options.cell_seconds = 100;  // nothing here stops by the host's clock
    }
    Measurement bench() {
        const Variant variant = twice_variant("kernel");
        return test::bench_on({{&variant, &problem, &device}}, options, {}).at(0);
    }
    /// The samples take these times, over and over.
    void take_times(std::vector<double> times) {
        device.time = [times, execution = std::size_t{0}](const std::string&) mutable {
            return times[execution++ % times.size()];
        };
    }

    test::FakeDevice device;
    TwiceProblem problem{64, 256};
    SamplerOptions options;
};

TEST_F(Stopping, NeitherSideOfTheIntervalMayBeWide) {
    // Two of five samples lie far from the median, on one side: that end of the interval is there, the other at the
    // median.
    for (const double far : {1100.0, 900.0}) {
        take_times({1000, 1000, far, 1000, far});
        const Measurement wide = bench();
        ASSERT_TRUE(wide.timing);
        EXPECT_EQ(wide.timing->median_ns, 1000);
        EXPECT_EQ(far > 1000 ? wide.timing->high_ns : wide.timing->low_ns, far);
        EXPECT_EQ(far > 1000 ? wide.timing->low_ns : wide.timing->high_ns, 1000);
        EXPECT_EQ(wide.timing->stopped_by, StoppedBy::sample_limit) << far;
    }
}

TEST_F(Stopping, TheIntervalMayReachItsShareAndNoFurther) {
    for (const auto& [step, stopped_by] : {std::pair{4.9, StoppedBy::interval},
                                           {-4.9, StoppedBy::interval},
                                           {5.1, StoppedBy::sample_limit},
                                           {-5.1, StoppedBy::sample_limit}}) {
        take_times({1000, 1000, 1000 + step, 1000, 1000 + step});
        EXPECT_EQ(bench().timing->stopped_by, stopped_by) << step;
    }
}

TEST_F(Stopping, TheLeastSamplesAreTaken) {
    options.least_samples = 17;
    EXPECT_EQ(bench().timing->samples_ns.size(), 17u);
}

TEST_F(Stopping, TheSlowStopShortOfTheirLeastSamples) {
    options.least_samples = 30;
    options.cell_seconds = 0.01;
    device.time = [](const std::string&) {
        std::this_thread::sleep_for(std::chrono::milliseconds(11));
        return 11e6;
    };
    const Measurement slow = bench();
    ASSERT_TRUE(slow.timing);
    EXPECT_EQ(slow.timing->stopped_by, StoppedBy::time_limit);
    EXPECT_LE(slow.timing->samples_ns.size(), 4u) << "four times the time of a cell, and no more";
}

TEST_F(Stopping, RightAndTooSlowToBeTimedIsPassedAndSaysHowLongItTook) {
    device.time = [](const std::string&) { return 3e9; };
    const Measurement slow = bench();
    EXPECT_EQ(slow.verdict.outcome, Outcome::passed) << slow.verdict.reason;
    EXPECT_FALSE(slow.timing);
    ASSERT_TRUE(slow.untimed);
    EXPECT_EQ(slow.untimed->execution_ns, 3e9);
    EXPECT_EQ(slow.untimed->reason, "one execution took 3 s, longer than the 2 s that are timed");
    EXPECT_EQ(device.timed.size(), 1u);
    options.longest_timed_seconds = 4;
    options.most_samples = 5;
    EXPECT_TRUE(bench().timing);
}

TEST_F(Stopping, RightAndTooShortToBeTimedIsPassedToo) {
    device.time = [](const std::string&) { return 0.0; };
    const Measurement unseen = bench();
    EXPECT_EQ(unseen.verdict.outcome, Outcome::passed) << unseen.verdict.reason;
    EXPECT_FALSE(unseen.timing);
    ASSERT_TRUE(unseen.untimed);
    EXPECT_NE(unseen.untimed->reason.find("too short to be timed"), std::string::npos) << unseen.untimed->reason;
}

TEST_F(Stopping, AClockThatStandsStillGivesNoTime) {
    device.description.timer_resolution_ns = 0;
    device.time = [](const std::string&) { return 0.0; };
    EXPECT_FALSE(bench().timing);
    take_times({1000, 1000, 0});
    EXPECT_EQ(bench().verdict.outcome, Outcome::error);
}

TEST_F(Stopping, ATimingStandsAlone) { EXPECT_FALSE(bench().untimed); }

TEST_F(Stopping, BeyondTheLimitIsATimeout) {
    options.longest_timed_seconds = 1000;
    device.time = [](const std::string&) { return 31e9; };
    const Measurement hung = bench();
    EXPECT_EQ(hung.verdict.outcome, Outcome::timeout);
    EXPECT_NE(hung.verdict.reason.find("longer than the 30.0 s allowed"), std::string::npos) << hung.verdict.reason;
    EXPECT_FALSE(hung.timing);
    EXPECT_FALSE(hung.untimed);
    EXPECT_EQ(device.timed.size(), 1u) << "it is not executed again";
    // One that hangs later only.
    take_times({1000, 1000, 31e9});
    EXPECT_EQ(bench().verdict.outcome, Outcome::timeout);
    device.time = [](const std::string&) { return 29e9; };
    options.most_samples = 5;
    EXPECT_TRUE(bench().timing);
}

/// A problem of the work that is asked for.
class ProblemOfWork : public TwiceProblem {
public:
    explicit ProblemOfWork(double flops) : TwiceProblem(1, 1), flops_(flops) {}
    double flops() const override { return flops_; }

private:
    double flops_;
};

TEST_F(Stopping, TheLimitGrowsWithTheWork) {
    EXPECT_EQ(execution_limit_seconds(ProblemOfWork(1e6), device.description, options), 30);
    EXPECT_EQ(execution_limit_seconds(ProblemOfWork(2e10), device.description, options), 30) << "a GPU that hangs";
    device.description.is_cpu = true;
    // naive, 2048³, one thread of a slow CPU: 17 GFLOP.
    EXPECT_NEAR(execution_limit_seconds(ProblemOfWork(2.0 * 2048 * 2048 * 2048), device.description, options), 171.8,
                0.1);
    device.description.for_results_only = true;
    EXPECT_DOUBLE_EQ(execution_limit_seconds(ProblemOfWork(1e9), device.description, options), 1000);
    options.cell_timeout_seconds = 600;
    EXPECT_EQ(execution_limit_seconds(ProblemOfWork(1), device.description, options), 600);
}

TEST_F(Stopping, WarmUpExecutesForItsWholeTimeBeforeTheFirstSample) {
    options.regime = Regime::sustained;
    options.warmup_seconds = 0.2;
    using Clock = std::chrono::steady_clock;
    std::vector<Clock::time_point> executed;
    device.time = [&](const std::string&) {
        executed.push_back(Clock::now());
        return 1000.0;
    };
    const Measurement sustained = bench();
    ASSERT_TRUE(sustained.timing);
    EXPECT_EQ(sustained.regime, Regime::sustained);
    const std::size_t samples = sustained.timing->samples_ns.size();
    ASSERT_GT(executed.size(), samples + 2);
    const auto first_sample = executed.end() - static_cast<std::ptrdiff_t>(samples);
    EXPECT_GE(*first_sample - executed.front(), std::chrono::milliseconds(200));
}

TEST_F(Stopping, WarmUpGoesOnUntilTheClockHasSettled) {
    options.regime = Regime::sustained;
    options.warmup_seconds = 0.02;  // and so is each window in which the clock is averaged
    using Clock = std::chrono::steady_clock;
    std::optional<Clock::time_point> start;
    device.time = [&](const std::string&) {
        if (!start) start = Clock::now();
        // It falls by far more than 1 % from window to window, until it stays.
        const double seconds = std::chrono::duration<double>(Clock::now() - *start).count();
        device.health.sm_mhz = seconds < 0.06 ? 2000 - 15000 * seconds : 800;
        return 1000.0;
    };
    const Measurement sustained = bench();
    ASSERT_TRUE(sustained.timing);
    ASSERT_FALSE(sustained.timing->clock.empty());
    for (const ClockState& state : sustained.timing->clock) EXPECT_EQ(state.sm_mhz, 800);
}

}  // namespace
}  // namespace stele::stopping_test
