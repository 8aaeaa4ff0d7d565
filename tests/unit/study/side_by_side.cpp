// Reports side by side: what stands together, and what is a share of what.
#include "harness/study/side_by_side.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/draw/console.hpp"
#include "harness/draw/markdown.hpp"
#include "harness/study/report_tables.hpp"

namespace stele::side_by_side_test {
namespace {

DeviceInfo device(const std::string& id, const std::string& name, bool is_cpu) {
    DeviceInfo info;
    info.id = id;
    info.name = name;
    info.is_cpu = is_cpu;
    return info;
}

Measurement cell(const std::string& variant, Language language, const std::string& on, double median_ns) {
    Measurement made;
    made.variant = variant;
    made.operation = variant.substr(0, variant.find('/'));
    made.algorithm = variant.substr(variant.find('/') + 1);
    made.language = language;
    made.problem = "m=1 n=1 k=1 f32";
    made.device = on;
    made.flops = 1e9;
    made.bytes = 1e6;
    if (median_ns > 0) {
        made.verdict.outcome = Outcome::passed;
        made.timing.emplace();
        made.timing->samples_ns = {median_ns};
        made.timing->median_ns = made.timing->low_ns = made.timing->high_ns = median_ns;
    } else {
        made.verdict.outcome = Outcome::skipped;
        made.verdict.reason = "a reason";
    }
    return made;
}

/// A CPU seen by two runtimes, and a GPU seen by two.
Report sample_report() {
    Report report;
    report.environment.cpu = "Some CPU";
    report.environment.started = "2026-01-31T12:34:56Z";
    report.environment.revision = "0123456789ab";
    report.devices = {device("opencl:0", "pthread-Some CPU", true), device("opencl:1", "NVIDIA H200", false),
                      device("host:0", "Some CPU", true), device("cuda:0", "NVIDIA H200", false)};
    report.measurements = {cell("gemm/vendor.openblas", Language::vendor, "host:0", 2e6),
                           cell("gemm/tiled.cuda", Language::cuda, "cuda:0", 1e5),
                           cell("gemm/tiled.opencl", Language::opencl, "opencl:0", 4e6),
                           cell("gemm/tiled.opencl", Language::opencl, "opencl:1", 2e5),
                           cell("gemm/tiled.ptx", Language::ptx, "", 0)};
    return report;
}

const CellSide& find(const ProblemSides& problem, const std::string& variant) {
    for (const CellSide& found : problem.cells)
        if (found.variant == variant) return found;
    throw std::runtime_error("no " + variant);
}

TEST(SideBySide, TellsOnceWhatALibraryLacks) {
    Report report = sample_report();
    report.environment.libraries = {{"openblas", {"0.3", 2, "computes for another CPU"}}, {"onednn", {"2.6", 2, {}}}};
    const std::vector<NamedReport> reports{{"one.json", report}, {"two.json", report}};
    std::size_t told = 0;
    for (const Table& table : report_tables(reports, SkippedRows::counted))
        told += static_cast<std::size_t>(std::ranges::count(table.notes, "vendor.openblas computes for another CPU"));
    EXPECT_EQ(told, 1u);
}

TEST(SideBySide, PutsHardwareTogetherNotDeviceIds) {
    const std::vector<Report> reports{sample_report()};
    const auto problems = side_by_side(reports);
    ASSERT_EQ(problems.size(), 2u);
    EXPECT_EQ(problems[0].hardware, "Some CPU");
    EXPECT_EQ(problems[1].hardware, "NVIDIA H200");
    EXPECT_DOUBLE_EQ(*find(problems[0], "gemm/tiled.opencl").of_vendor, 0.5);
    EXPECT_DOUBLE_EQ(*find(problems[0], "gemm/tiled.opencl").of_best, 0.5);
    EXPECT_DOUBLE_EQ(*find(problems[0], "gemm/vendor.openblas").of_best, 1);
    EXPECT_DOUBLE_EQ(*find(problems[1], "gemm/tiled.opencl").of_best, 0.5);
    EXPECT_FALSE(find(problems[1], "gemm/tiled.opencl").of_vendor.has_value());
    // Without a device: everywhere. On the other hardware: not "absent" here.
    EXPECT_NE(find(problems[0], "gemm/tiled.ptx").measurement, nullptr);
    EXPECT_NE(find(problems[1], "gemm/tiled.ptx").measurement, nullptr);
    EXPECT_THROW(find(problems[0], "gemm/tiled.cuda"), std::runtime_error);
    EXPECT_EQ(problems[0].cells.back().variant, "gemm/vendor.openblas");
}

TEST(SideBySide, ReportsSideBySideKeepTheirOwnRatios) {
    Report second = sample_report();
    for (Measurement& made : second.measurements)
        if (made.timing) made.timing->median_ns /= 10;
    std::erase_if(second.measurements, [](const Measurement& made) { return made.variant == "gemm/tiled.opencl"; });
    const std::vector<Report> reports{sample_report(), second};
    const auto problems = side_by_side(reports);
    ASSERT_EQ(problems.size(), 2u);
    std::size_t absent = 0;
    for (const CellSide& made : problems[0].cells) {
        if (made.variant == "gemm/vendor.openblas") {
            EXPECT_DOUBLE_EQ(*made.of_best, 1);
        }
        if (made.measurement == nullptr) {
            ++absent;
            EXPECT_EQ(made.report, 1u);
            EXPECT_EQ(made.variant, "gemm/tiled.opencl");
        }
    }
    EXPECT_EQ(absent, 1u);
}

TEST(SideBySide, OtherConditionsAreAnotherTable) {
    Report report = sample_report();
    report.measurements.push_back(report.measurements[2]);
    report.measurements.back().cache = CacheMode::warm;
    const std::vector<Report> reports{report};
    EXPECT_EQ(side_by_side(reports).size(), 3u);
}

TEST(SideBySide, RateByIntensity) {
    ProblemSides problem;
    problem.flops = 3e9;
    problem.bytes = 1e9;
    Measurement made = cell("attention/flash.opencl", Language::opencl, "opencl:0", 1e6);
    const CellSide side{made.variant, 0, &made, {}, {}};
    EXPECT_TRUE(problem.by_bandwidth());
    EXPECT_DOUBLE_EQ(problem.rate(side), 1e12) << "bytes";
    problem.bytes = 1e7;
    EXPECT_FALSE(problem.by_bandwidth());
    EXPECT_DOUBLE_EQ(problem.rate(side), 3e12) << "FLOP";
    problem.bytes = 3e8;
    EXPECT_FALSE(problem.by_bandwidth()) << "ten for a byte";
    problem.bytes = 3.01e8;
    EXPECT_TRUE(problem.by_bandwidth());
    problem.bytes = 0;
    EXPECT_FALSE(problem.by_bandwidth());
}

TEST(ReportTables, SayWhyThereIsNoFigure) {
    Report report = sample_report();
    report.measurements.push_back(cell("gemm/naive.opencl", Language::opencl, "opencl:0", 0));
    report.measurements.back().verdict.outcome = Outcome::wrong;
    report.measurements.back().verdict.reason = "row 3 is missing";
    const std::vector<NamedReport> named{{"a.json", report}};
    std::string console, markdown;
    for (const Table& table : report_tables(named)) {
        console += console_text(table);
        markdown += markdown_text(table);
    }
    for (const std::string& text : {console, markdown}) {
        EXPECT_NE(text.find("skipped: a reason"), std::string::npos) << text;
        EXPECT_NE(text.find("wrong: row 3 is missing"), std::string::npos) << text;
        EXPECT_NE(text.find("Not right"), std::string::npos) << text;
        EXPECT_NE(text.find("TFLOP/s"), std::string::npos) << text;
    }
    const auto json = side_by_side_json(named);
    std::size_t timed = 0;
    for (const auto& problem : json["problems"])
        for (const auto& row : problem["cells"]) {
            EXPECT_EQ(row.contains("median_ns"), row["outcome"] == "passed");
            timed += row.contains("median_ns");
        }
    EXPECT_EQ(timed, 4u);
}

/// A tuned tile differs from report to report: the one stands in the place of the other.
TEST(SideBySide, AnotherTunedTileIsNotMissed) {
    const auto with_tile = [](const std::string& tile, bool tuned) {
        Report report = sample_report();
        report.measurements = {cell("gemm/tiled.opencl@" + tile, Language::opencl, "opencl:0", 1e6)};
        if (tuned) report.measurements[0].tuning = "an entry";
        return report;
    };
    const std::vector<Report> tuned{with_tile("1x1", true), with_tile("2x2", true)};
    ASSERT_EQ(side_by_side(tuned).size(), 1u);
    EXPECT_EQ(side_by_side(tuned)[0].cells.size(), 2u);
    const std::vector<Report> named{with_tile("1x1", false), with_tile("2x2", false)};
    const auto sides = side_by_side(named);
    EXPECT_EQ(sides[0].cells.size(), 4u) << "who names a tile misses it elsewhere";
    EXPECT_EQ(std::ranges::count(sides[0].cells, nullptr, &CellSide::measurement), 2);
}

TEST(SideBySide, ProblemsStandInTheOrderOfTheirFirstAppearance) {
    Report report = sample_report();
    const Measurement first = report.measurements[2];
    report.measurements.clear();
    for (const char* problem : {"z", "a", "z", "m"}) {
        report.measurements.push_back(first);
        report.measurements.back().problem = problem;
    }
    const std::vector<Report> reports{report};
    std::string order;
    for (const ProblemSides& sides : side_by_side(reports)) order += sides.problem + std::to_string(sides.cells.size());
    EXPECT_EQ(order, "z2a1m1");
}

TEST(SideBySide, VariantsStandByAlgorithmAndLanguageLibrariesLast) {
    Report report = sample_report();
    report.measurements = {cell("gemm/vendor.a", Language::vendor, "opencl:0", 1e6),
                           cell("gemm/second.opencl", Language::opencl, "opencl:0", 1e6),
                           cell("gemm/first.opencl", Language::opencl, "opencl:0", 1e6),
                           cell("gemm/second.cuda", Language::cuda, "opencl:0", 1e6)};
    for (Measurement& made : report.measurements) made.algorithm = made.algorithm.substr(0, made.algorithm.find('.'));
    const std::vector<Report> reports{report};
    std::vector<std::string> order;
    const auto sides = side_by_side(reports);
    for (const CellSide& side : sides.at(0).cells) order.push_back(side.variant);
    EXPECT_EQ(order, (std::vector<std::string>{"gemm/second.cuda", "gemm/second.opencl", "gemm/first.opencl",
                                               "gemm/vendor.a"}));
}

}  // namespace
}  // namespace stele::side_by_side_test
