#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <stdexcept>

#include "harness/study/ratio.hpp"

namespace stele::ratio_test {
namespace {

Measurement timed(std::string variant, std::string problem, double median_ns) {
    Measurement out;
    out.variant = std::move(variant);
    out.operation = "gemm";
    out.problem = std::move(problem);
    out.device = "opencl:0";
    out.verdict.outcome = Outcome::passed;
    out.timing.emplace();
    out.timing->median_ns = median_ns;
    return out;
}

Report report_of(std::vector<Measurement> measurements) {
    Report out;
    DeviceInfo device;
    device.id = "opencl:0";
    device.name = "a CPU";
    out.devices.push_back(device);
    out.measurements = std::move(measurements);
    return out;
}

TEST(RatioPairs, AreTwoIdsWithAColonBetween) {
    const RatioPair pair = parse_ratio_pair("gemm/panel.opencl:gemm/vendor.openblas");
    EXPECT_EQ(pair.variant, "gemm/panel.opencl");
    EXPECT_EQ(pair.base, "gemm/vendor.openblas");
    for (const char* wrong : {"", ":", "a", "a:", ":b", "a:b:c"})
        EXPECT_THROW(parse_ratio_pair(wrong), std::invalid_argument) << wrong;
}

TEST(RatioSummaries, MedianOverReportsThenGeometricMeanOverProblems) {
    const std::vector<Report> reports{report_of({timed("gemm/a.opencl@1", "m=1", 100), timed("gemm/b", "m=1", 200),
                                                 timed("gemm/a.opencl@1", "m=2", 100), timed("gemm/b", "m=2", 50),
                                                 timed("gemm/a.opencl@1", "m=3", 100)}),
                                      report_of({timed("gemm/a.opencl@1", "m=1", 100), timed("gemm/b", "m=1", 800)}),
                                      report_of({timed("gemm/a.opencl@2", "m=1", 100), timed("gemm/b", "m=1", 210)})};
    const auto summaries = summarise_ratio(reports, {"gemm/a.opencl", "gemm/b"});
    ASSERT_EQ(summaries.size(), 1u);
    const RatioSummary& summary = summaries[0];
    ASSERT_EQ(summary.problems.size(), 2u) << "only one of them was timed on the third";
    EXPECT_EQ(summary.problems[0].ratios, (std::vector<double>{2, 2.1, 8})) << "within a report, never across";
    EXPECT_DOUBLE_EQ(summary.problems[0].median, 2.1);
    EXPECT_DOUBLE_EQ(summary.problems[1].median, 0.5);
    EXPECT_NEAR(summary.geometric_mean, std::sqrt(2.1 * 0.5), 1e-12);

    const auto one_tile = summarise_ratio(reports, {"gemm/a.opencl@2", "gemm/b"});
    ASSERT_EQ(one_tile.size(), 1u);
    ASSERT_EQ(one_tile[0].problems.size(), 1u);
    EXPECT_EQ(one_tile[0].problems[0].ratios, std::vector<double>{2.1});
    EXPECT_TRUE(summarise_ratio(reports, {"gemm/b", "gemm/c"}).empty());
}

/// Two reports of one pair, the second changed: how many sets of conditions they are.
template <typename Change>
std::vector<RatioSummary> beside(const Change& change) {
    Report cpu = report_of({timed("gemm/a", "m=1", 100), timed("gemm/b", "m=1", 200)});
    cpu.environment.cpu = "AMD EPYC";
    cpu.environment.cpu_family = "AuthenticAMD family 25 model 1 stepping 1";
    cpu.environment.allowed_cpus = "0-1";
    cpu.devices[0].is_cpu = true;
    cpu.devices[0].compute_units = 2;
    Report other = cpu;
    change(other);
    const std::vector<Report> reports{cpu, other};
    return summarise_ratio(reports, {"gemm/a", "gemm/b"});
}

TEST(RatioSummaries, AverageOnlyWhatWasTimedUnderTheSameConditions) {
    EXPECT_EQ(beside([](Report& other) {
                  other.environment.started = "later";
                  other.devices[0].driver = "another";
                  other.measurements[0].seed = 7;
              }).size(),
              1u)
        << "conditions that are reported, and are no identity";
    const auto all = [](Report& report, auto change) {
        for (Measurement& cell : report.measurements) change(cell);
    };
    using Change = std::function<void(Report&)>;
    const std::vector<Change> changes{
        [&](Report& other) { all(other, [](Measurement& cell) { cell.cache = CacheMode::warm; }); },
        [&](Report& other) { all(other, [](Measurement& cell) { cell.regime = Regime::sustained; }); },
        [&](Report& other) { all(other, [](Measurement& cell) { cell.fill = Fill::zeros; }); },
        [](Report& other) { other.devices[0].compute_units = 1; },
        [](Report& other) { other.devices[0].platform = "Another"; },
        [](Report& other) { other.environment.allowed_cpus = "0"; },
        [](Report& other) { other.environment.cpu_quota = 1.5; },
        [](Report& other) { other.environment.cpu_family = "AuthenticAMD family 25 model 17 stepping 1"; },
        [](Report& other) {
            other.measurements[1].algorithm = "vendor.openblas";
            other.environment.libraries = {{"openblas", {"0.3.21", 1}}};
        },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const auto summaries = beside(changes[i]);
        ASSERT_EQ(summaries.size(), 2u) << "change " << i;
        EXPECT_NE(summaries[0].conditions.label(), summaries[1].conditions.label());
        for (const RatioSummary& summary : summaries) EXPECT_EQ(summary.problems.at(0).ratios.size(), 1u);
    }
}

TEST(RatioSummaries, TwoDevicesOfOneKeyAreToldApartByTheirIds) {
    Report report = report_of({timed("gemm/a", "m=1", 100), timed("gemm/b", "m=1", 200)});
    DeviceInfo second = report.devices[0];
    second.id = "opencl:1";
    report.devices.push_back(second);
    for (const auto& [variant, time] : {std::pair{"gemm/a", 100.0}, {"gemm/b", 300.0}}) {
        report.measurements.push_back(timed(variant, "m=1", time));
        report.measurements.back().device = second.id;
    }
    const auto summaries = summarise_ratio(std::vector{report}, {"gemm/a", "gemm/b"});
    ASSERT_EQ(summaries.size(), 2u) << "never one device's time over another's";
    EXPECT_EQ(summaries[0].conditions.devices, "opencl:0");
    EXPECT_EQ(summaries[0].problems.at(0).ratios, std::vector<double>{2});
    EXPECT_EQ(summaries[1].conditions.devices, "opencl:1");
    EXPECT_EQ(summaries[1].problems.at(0).ratios, std::vector<double>{3});
}

TEST(RepeatedReports, AreOfOneRun) {
    const Report first = report_of({timed("gemm/a", "m=1", 100)});
    Report later = first;
    later.environment.started = "later";
    const std::vector<Report> reports{first, later, first, later};
    const auto repeated = repeated_reports(reports);
    ASSERT_EQ(repeated.size(), 2u);
    EXPECT_EQ(repeated[0].index, 2u);
    EXPECT_EQ(repeated[0].first, 0u);
    EXPECT_EQ(repeated[1].index, 3u);
    EXPECT_EQ(repeated[1].first, 1u);
}

TEST(RatioSummaries, WhatFailedHasNoRatio) {
    Measurement wrong = timed("gemm/a", "m=1", 1);
    wrong.verdict.outcome = Outcome::wrong;
    wrong.timing.reset();
    const std::vector<Report> reports{report_of({wrong, timed("gemm/b", "m=1", 1)})};
    EXPECT_TRUE(summarise_ratio(reports, {"gemm/a", "gemm/b"}).empty());
}

}  // namespace
}  // namespace stele::ratio_test
