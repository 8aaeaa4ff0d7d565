// Figures of a report that do not follow from what it holds are refused, with both values.
#include "harness/record/report_check.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "harness/record/report_json.hpp"
#include "tests/support/report_refusal.hpp"

namespace stele::report_check_test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

using test::report_refusal, test::timing_refusal;

TEST(ReportCheck, TheSampleIsAReport) {
    EXPECT_EQ(report_refusal([](Report&, Measurement&) {}), "");
}

TEST(ReportCheck, WhatFollowsFromTheSamplesIsRefusedWithBothValues) {
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.median_ns = 123; }),
              "measurements[0].timing.median_ns is 123, and the samples' median is 4400000");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.low_ns = 4.0e6; }),
              "measurements[0].timing.low_ns is 4000000, and by the samples it is 4100000");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.high_ns = 1e300; }),
              "measurements[0].timing.high_ns is 1e+300, and by the samples it is 4700000");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.coverage = 1; }),
              "measurements[0].timing.coverage is 1, and by the number of samples it is 0.984375");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.passes = 3; }),
              "measurements[0].timing.passes is 3, and the last of pass makes them 7");
    EXPECT_EQ(timing_refusal([](Timing& timing) {
                  timing.pass.back() = 4'000'000'000;
                  timing.passes = 4'000'000'001;
              }),
              "measurements[0].timing.passes is 4000000001, more than the 7 samples");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.floor_ns = 5e6; }),
              "measurements[0].timing.median_ns is 4400000, below its floor_ns of 5000000");
    EXPECT_EQ(timing_refusal([](Timing& timing) { timing.median_ns *= 1 + 1e-12; }), "") << "rounded otherwise";
    EXPECT_NE(timing_refusal([](Timing& timing) { timing.median_ns *= 1 + 1e-6; }), "");
}

TEST(ReportCheck, WhatFollowsFromTheProblemIsRefusedWithBothValues) {
    EXPECT_EQ(report_refusal([](Report&, Measurement& cell) { cell.flops = 1e300; }),
              "measurements[0].flops is 1e+300, and must be a count");
    EXPECT_EQ(report_refusal([](Report&, Measurement& cell) { cell.flops *= 2; }),
              "measurements[0].flops is 536870912, and its problem has 268435456");
    EXPECT_EQ(report_refusal([](Report&, Measurement& cell) { cell.bytes = 1; }),
              "measurements[0].bytes is 1, and its problem has 3145728");
    EXPECT_EQ(report_refusal([](Report&, Measurement& cell) { cell.dense_flops = 0; }),
              "measurements[0].dense_flops is 0, and its problem has 268435456");
    EXPECT_EQ(report_refusal([](Report&, Measurement& cell) { cell.dtype = Dtype::f16; }),
              "measurements[0].dtype is 'f16', and its problem's 'f32'");
    EXPECT_EQ(report_refusal([](Report&, Measurement& cell) {
                  cell.operation = "novel";
                  cell.flops = 1;
                  cell.timing->ceiling.reset();
                  cell.timing->fraction_of_peak.reset();
              }),
              "")
        << "an operation that this stele does not know is believed";
}

TEST(ReportCheck, AFractionIsOfItsCeilingAndNeverAlone) {
    EXPECT_NE(timing_refusal([](Timing& timing) { *timing.fraction_of_peak *= 2; }).find("by its ceiling it is"),
              std::string::npos);
    EXPECT_NE(timing_refusal([](Timing& timing) { timing.ceiling.reset(); }).find("fraction_of_peak stands alone"),
              std::string::npos);
    EXPECT_NE(timing_refusal([](Timing& timing) { timing.fraction_of_peak.reset(); }).find("ceiling stands alone"),
              std::string::npos);
    EXPECT_NE(timing_refusal([](Timing& timing) { timing.ceiling->per_second = 0; }).find("must be a rate"),
              std::string::npos);
}

TEST(ReportCheck, TelemetryThatCannotBeIsRefused) {
    EXPECT_NE(timing_refusal([](Timing& timing) { timing.stolen_ms->pop_back(); }).find("6 entries for 7 samples"),
              std::string::npos);
    EXPECT_NE(timing_refusal([](Timing& timing) { timing.energy->seconds = 0; }).find("energy.seconds"),
              std::string::npos);
    EXPECT_NE(timing_refusal([](Timing& timing) { timing.energy->executions = 0; }).find("energy.executions"),
              std::string::npos);
    const auto refused_noise = [](const std::function<void(NoiseFloor&)>& change) {
        return report_refusal([&](Report& report, Measurement&) { change(report.noise_floors->at("opencl:0").at(0)); });
    };
    EXPECT_NE(refused_noise([](NoiseFloor& noise) { noise.rounds = 0; }).find("noise_floors.opencl:0[0].rounds"),
              std::string::npos);
    EXPECT_NE(refused_noise([](NoiseFloor& noise) { noise.false_alarms = 1.5; }).find("false_alarms"),
              std::string::npos);
}

TEST(ReportCheck, NumbersThatCannotBeAreRefused) {
    for (const double wrong : {1e-300, 0.0, -1.0, 1e19, infinity, not_a_number})
        EXPECT_NE(timing_refusal([&](Timing& timing) {
                      timing = test::timing_of({wrong, wrong, wrong});
                  }).find("samples_ns[0]"),
                  std::string::npos)
            << wrong;
    const auto expect_refused = [](const std::function<void(Report&, Measurement&, double)>& set, const char* place) {
        for (const double wrong : {-1.0, infinity, not_a_number})
            EXPECT_NE(report_refusal([&](Report& report, Measurement& cell) { set(report, cell, wrong); }).find(place),
                      std::string::npos)
                << place << " " << wrong;
    };
    using Set = std::pair<const char*, std::function<void(Report&, Measurement&, double)>>;
    for (const auto& [place, set] : std::vector<Set>{
             {"timing.build_ns", [](Report&, Measurement& cell, double to) { cell.timing->build_ns = to; }},
             {"timing.first_launch_ns",
              [](Report&, Measurement& cell, double to) { cell.timing->first_launch_ns = to; }},
             {"timing.footprint_bytes",
              [](Report&, Measurement& cell, double to) { cell.timing->footprint_bytes = to; }},
             {"timing.floor_ns", [](Report&, Measurement& cell, double to) { cell.timing->floor_ns = to; }},
             {"verdict.worst_of_bound",
              [](Report&, Measurement& cell, double to) { cell.verdict.worst_of_bound = to; }},
             {"verdict.max_absolute", [](Report&, Measurement& cell, double to) { cell.verdict.max_absolute = to; }},
             {"verdict.max_relative", [](Report&, Measurement& cell, double to) { cell.verdict.max_relative = to; }},
             {"verdict.rms", [](Report&, Measurement& cell, double to) { cell.verdict.rms = to; }},
             {"flops", [](Report&, Measurement& cell, double to) { cell.flops = to; }},
             {"bytes", [](Report&, Measurement& cell, double to) { cell.bytes = to; }},
             {"clocks.opencl:0.device_ns",
              [](Report& r, Measurement&, double to) { r.clocks["opencl:0"].device_ns = to; }},
             {"clocks.opencl:0.host_ns", [](Report& r, Measurement&, double to) { r.clocks["opencl:0"].host_ns = to; }},
             {"measurements[2].untimed.execution_ns",
              [](Report& r, Measurement&, double to) { r.measurements[2].untimed->execution_ns = to; }}})
        expect_refused(set, place);
}

TEST(ReportCheck, AShareOfTheBoundAboveOneDidNotPass) {
    EXPECT_EQ(report_refusal([](Report&, Measurement& cell) { cell.verdict.worst_of_bound = 1.5; }),
              "measurements[0].verdict.worst_of_bound is 1.5, and must be from 0 to 1");
}

TEST(ReportCheck, ATimeAndAReasonForNone) {
    EXPECT_NE(report_refusal([](Report& report, Measurement& cell) {
                  cell.untimed = report.measurements[2].untimed;
              }).find("measurements[0].untimed stands beside a timing"),
              std::string::npos);
    EXPECT_NE(report_refusal([](Report& report, Measurement&) {
                  report.measurements[3].untimed = report.measurements[2].untimed;
              }).find("measurements[3].untimed stands beside the outcome 'wrong'"),
              std::string::npos);
    EXPECT_NE(report_refusal([](Report& report, Measurement&) {
                  report.measurements[3].verdict.reason = "";
              }).find("measurements[3].verdict.reason is empty"),
              std::string::npos);
    EXPECT_NE(report_refusal([](Report&, Measurement& cell) {
                  cell.verdict.reason = "why";
              }).find("stands beside the outcome 'passed'"),
              std::string::npos);
}

}  // namespace
}  // namespace stele::report_check_test
