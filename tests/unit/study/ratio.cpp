#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "harness/study/ratio.hpp"

namespace stele {
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
    const auto problems = side_by_side(reports);
    const RatioSummary summary = summarise_ratio(problems, {"gemm/a.opencl", "gemm/b"});
    ASSERT_EQ(summary.problems.size(), 2u) << "only one of them was timed on the third";
    EXPECT_EQ(summary.problems[0].ratios, (std::vector<double>{2, 2.1, 8})) << "within a report, never across";
    EXPECT_DOUBLE_EQ(summary.problems[0].median, 2.1);
    EXPECT_DOUBLE_EQ(summary.problems[1].median, 0.5);
    EXPECT_NEAR(summary.geometric_mean, std::sqrt(2.1 * 0.5), 1e-12);

    const RatioSummary one_tile = summarise_ratio(problems, {"gemm/a.opencl@2", "gemm/b"});
    ASSERT_EQ(one_tile.problems.size(), 1u);
    EXPECT_EQ(one_tile.problems[0].ratios, std::vector<double>{2.1});
    EXPECT_TRUE(summarise_ratio(problems, {"gemm/b", "gemm/c"}).problems.empty());
}

TEST(RatioSummaries, WhatFailedHasNoRatio) {
    Measurement wrong = timed("gemm/a", "m=1", 1);
    wrong.verdict.outcome = Outcome::wrong;
    wrong.timing.reset();
    const std::vector<Report> reports{report_of({wrong, timed("gemm/b", "m=1", 1)})};
    EXPECT_TRUE(summarise_ratio(side_by_side(reports), {"gemm/a", "gemm/b"}).problems.empty());
}

}  // namespace
}  // namespace stele
