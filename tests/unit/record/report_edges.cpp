// Figures of a report at the edges of what they may be: the last that is believed and the first that is refused.
#include <gtest/gtest.h>

#include <functional>

#include "harness/record/report_check.hpp"
#include "harness/record/report_json.hpp"
#include "tests/support/report_refusal.hpp"

namespace stele::report_edges_test {
namespace {

using test::report_refusal, test::timing_refusal;

/// Of a cell that has a timing of these samples and nothing else.
std::string refused_samples(const std::vector<double>& samples_ns) {
    return timing_refusal([&](Timing& timing) { timing = test::timing_of(samples_ns); });
}

TEST(ReportEdges, ATimeIsAPicosecondToThirtyYears) {
    EXPECT_EQ(refused_samples({1e-3, 1e18, 1}), "");
    EXPECT_EQ(refused_samples({1, 0.9e-3, 1}),
              "measurements[0].timing.samples_ns[1] is 0.0009, and must be a positive time in ns");
    EXPECT_EQ(refused_samples({1, 1, 1.1e18}),
              "measurements[0].timing.samples_ns[2] is 1.1e+18, and must be a positive time in ns");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.samples_ns.clear(); }),
              "measurements[0].timing.samples_ns is empty");
}

TEST(ReportEdges, ListsAreAsLongAsTheSamples) {
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.pass.pop_back(); }),
              "measurements[0].timing.pass has 6 entries for 7 samples");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.round.push_back(0); }),
              "measurements[0].timing.round has 8 entries for 7 samples");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.clock.pop_back(); }),
              "measurements[0].timing.clock has 6 entries for 7 samples");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.clock.clear(); }), "") << "none is told";
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.rounds = 2; }),
              "measurements[0].timing.rounds is 2, and the last of round makes them 1");
    EXPECT_EQ(timing_refusal([](Timing& timing) {
                  timing.round.back() = 1;
                  timing.rounds = 2;
              }),
              "");
}

TEST(ReportEdges, CountsOfATimingAreAtLeastOne) {
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.batch = 0; }),
              "measurements[0].timing.batch is 0, and must be at least 1");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.rotations = 0; }),
              "measurements[0].timing.rotations is 0, and must be at least 1");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.batch = timing.rotations = 1; }), "");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.energy->executions = 1; }), "");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.energy->joules = 0; }), "");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.energy->joules = -1; }),
              "measurements[0].timing.energy.joules is -1, and must be from 0 to 1e+30");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.stolen_ms.reset(); }), "");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.energy.reset(); }), "");
}

TEST(ReportEdges, ATimeMayBeItsFloorAndAnAmountItsMost) {
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.floor_ns = timing.median_ns; }), "");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.floor_ns = 0; }), "");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.build_ns = timing.first_launch_ns = 1e18; }), "");
    EXPECT_NE(timing_refusal([](Timing& timing) { timing.build_ns = 1.1e18; }), "");
    EXPECT_EQ(report_refusal([](Report&, Measurement& cell) { cell.verdict.worst_of_bound = 1; }), "");
    Verdict exact;
    exact.outcome = Outcome::passed;
    EXPECT_EQ(report_refusal([&](Report&, Measurement& cell) { cell.verdict = exact; }), "");
    EXPECT_EQ(report_refusal([](Report&, Measurement& cell) {
                  cell.verdict.max_absolute = cell.verdict.max_relative = cell.verdict.rms = 1e300;
              }),
              "");
}

TEST(ReportEdges, AFigureMayDifferFromItsSumByRounding) {
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.high_ns *= 1 + 5e-10; }), "");
    EXPECT_NE(timing_refusal([](Timing& timing) { timing.high_ns *= 1 + 2e-9; }), "");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.high_ns *= 1 - 5e-10; }), "");
    EXPECT_NE(timing_refusal([](Timing& timing) { timing.high_ns *= 1 - 2e-9; }), "");
}

TEST(ReportEdges, ARateIsPositiveAndNoRateOverflows) {
    const auto with_rate = [](double rate) {
        return report_refusal([&](Report&, Measurement& cell) {
            cell.timing->ceiling->per_second = rate;
            cell.timing->fraction_of_peak = cell.flops / rate * 1e9 / cell.timing->median_ns;
        });
    };
    EXPECT_EQ(with_rate(0.5), "");
    EXPECT_EQ(with_rate(1e30), "");
    EXPECT_EQ(with_rate(2e30), "measurements[0].timing.ceiling.per_second is 2e+30, and must be a rate");
    EXPECT_EQ(with_rate(-1), "measurements[0].timing.ceiling.per_second is -1, and must be a rate");
}

TEST(ReportEdges, NoiseIsOfOneRoundAtLeastAndAShareOfAlarms) {
    const auto refused_noise = [](const std::function<void(NoiseFloor&)>& change) {
        return report_refusal([&](Report& report, Measurement&) { change(report.noise_floors->at("opencl:0").at(0)); });
    };
    EXPECT_EQ(refused_noise([](NoiseFloor& noise) {
                  noise.rounds = 1;
                  noise.false_alarms = 1;
                  noise.floor = 0;
              }),
              "");
    EXPECT_EQ(refused_noise([](NoiseFloor& noise) { noise.floor = -1; }),
              "noise_floors.opencl:0[0].floor is -1, and must be from 0 to 1e+30");
    EXPECT_EQ(report_refusal([](Report& report, Measurement&) { report.noise_floors.reset(); }), "");
}

TEST(ReportEdges, EveryFigureOfAClockIsATime) {
    for (auto member :
         {&ClockCheck::device_ns, &ClockCheck::host_ns, &ClockCheck::resolution_ns, &ClockCheck::overhead_ns}) {
        EXPECT_NE(report_refusal([&](Report& report, Measurement&) { report.clocks["opencl:0"].*member = -1; }), "");
        EXPECT_EQ(report_refusal([&](Report& report, Measurement&) { report.clocks["opencl:0"].*member = 0; }), "");
    }
    EXPECT_EQ(report_refusal([](Report& report, Measurement&) { report.clocks["opencl:0"].host_overhead_ns = -1; }),
              "clocks.opencl:0.host_overhead_ns is -1, and must be from 0 to 1e+18");
    EXPECT_EQ(report_refusal([](Report& report, Measurement&) { report.clocks["opencl:0"].host_overhead_ns.reset(); }),
              "");
}

TEST(ReportEdges, OnlyWhatWasSkippedAndHasNoCountAtAllIsUncounted) {
    const auto skipped_with = [](double flops, double bytes) {
        return report_refusal([&](Report& report, Measurement&) {
            Measurement& cell = report.measurements[4];
            ASSERT_EQ(cell.verdict.outcome, Outcome::skipped);
            cell.flops = flops;
            cell.bytes = bytes;
        });
    };
    EXPECT_EQ(skipped_with(0, 0), "");
    EXPECT_EQ(skipped_with(0, 3145728), "measurements[4].flops is 0, and its problem has 268435456");
    EXPECT_EQ(skipped_with(268435456, 0), "measurements[4].bytes is 0, and its problem has 3145728");
    EXPECT_EQ(report_refusal([](Report&, Measurement& cell) { cell.dense_flops = -1; }),
              "measurements[0].dense_flops is -1, and must be a count");
    EXPECT_EQ(report_refusal([](Report& report, Measurement&) {
                  report.measurements[1].problem = "of another time";
                  report.measurements[1].flops = 0;
              }),
              "")
        << "a text that this stele cannot read is believed";
}

TEST(ReportEdges, ACellStandsOnADeviceOfTheReport) {
    EXPECT_EQ(report_refusal([](Report&, Measurement& cell) { cell.device = "cuda:7"; }),
              "measurements[0].device is 'cuda:7', which is not in devices");
    EXPECT_EQ(report_refusal([](Report&, Measurement& cell) { cell.device = ""; }),
              "measurements[0].device is empty, so the outcome must be skipped");
    EXPECT_EQ(report_refusal([](Report& report, Measurement&) { report.measurements[2].untimed->reason = ""; }),
              "measurements[2].untimed.reason is empty");
}

}  // namespace
}  // namespace stele::report_edges_test
