// The course of cells over reports: what belongs together, in which order, and where a new segment begins.
#include "harness/study/history.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/draw/document.hpp"
#include "harness/study/history_tables.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::history_test {
namespace {

constexpr const char* tiled = "gemm/tiled.opencl@64x64x16";

NamedReport made_at(const std::string& started) {
    NamedReport named{started + ".json", test::sample_report()};
    named.report.environment.started = started;
    return named;
}

const Course& course_of(const History& history, std::string_view variant) {
    const auto found =
        std::ranges::find_if(history.courses, [&](const Course& course) { return course.key.variant == variant; });
    if (found == history.courses.end()) throw std::logic_error("no such course");
    return *found;
}

std::string text_of(const std::vector<Table>& tables) { return drawn(Document(tables), DrawnAs::console); }

TEST(Histories, RunFromTheOldestToTheNewest) {
    std::vector<NamedReport> reports{made_at("2026-03-01T00:00:00Z"), made_at("2026-01-01T00:00:00Z"),
                                     made_at("2026-02-01T00:00:00Z")};
    sort_by_time(reports);
    const History history = history_of(reports);
    const Course& course = course_of(history, tiled);
    ASSERT_EQ(course.segments.size(), 1u);
    ASSERT_EQ(course.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_EQ(reports[course.segments[0].points[i].report].report.environment.started,
                  fmt::format("2026-0{}-01T00:00:00Z", i + 1));
}

TEST(Histories, KeepFailuresAndCountWhatNeverRan) {
    const std::vector<NamedReport> reports{made_at("2026-01-01T00:00:00Z"), made_at("2026-02-01T00:00:00Z")};
    const History history = history_of(reports);
    EXPECT_EQ(history.courses.size(), 7u);
    EXPECT_EQ(history.never_ran, 1u) << "gemm/tiled.opencl_ptx, which had no device";
    const Course& wrong = course_of(history, "gemm/panel.opencl@8x16");
    EXPECT_EQ(wrong.size(), 2u);
    EXPECT_TRUE(wrong.segments[0].timed_points().empty());
    const std::string text = text_of(history_tables(history, reports, "by nobody"));
    EXPECT_NE(text.find("wrong: every element of C is zero"), text.npos) << text;
    EXPECT_NE(text.find("passed, not timed: one execution took 14 s"), text.npos) << text;
    EXPECT_NE(text.find("1 more was skipped"), text.npos) << text;
}

TEST(Histories, AnotherDriverOrMachineBeginsASegment) {
    std::vector<NamedReport> reports;
    for (int month = 1; month <= 5; ++month) reports.push_back(made_at(fmt::format("2026-0{}-01T00:00:00Z", month)));
    for (std::size_t i = 2; i < 5; ++i) reports[i].report.devices[1].driver = "580.1";
    for (std::size_t i = 3; i < 5; ++i) reports[i].report.environment.cpu = "Another CPU";
    const History history = history_of(reports);
    const Course& gpu = course_of(history, "gemm/tiled.cuda@128x128");
    ASSERT_EQ(gpu.segments.size(), 3u);
    EXPECT_EQ(gpu.segments[0].points.size(), 2u);
    EXPECT_EQ(gpu.segments[1].points.size(), 1u);
    EXPECT_EQ(gpu.segments[1].driver, "580.1");
    EXPECT_EQ(gpu.segments[2].points.size(), 2u);
    EXPECT_EQ(gpu.segments[2].machine, "Another CPU (family 25 model 17 stepping 1)");
    // On a CPU it is another cell.
    EXPECT_EQ(course_of(history, tiled).size(), 3u);
    const std::string text = text_of(history_tables(history, reports, "by nobody"));
    EXPECT_NE(text.find("another driver: 580.1, before "), text.npos) << text;
    EXPECT_NE(text.find("another machine: Another CPU"), text.npos) << text;
}

TEST(Histories, MarkAnotherToolkit) {
    std::vector<NamedReport> reports{made_at("2026-01-01T00:00:00Z"), made_at("2026-02-01T00:00:00Z")};
    Environment& later = reports[1].report.environment;
    later.cuda_compiler = "NVIDIA 13.2";
    later.host_compiler = "GNU 14.1.0";
    later.libraries->at("openblas").version = "OpenBLAS 0.3.30";
    const History history = history_of(reports);
    const std::string text = text_of(history_tables(history, reports, "by nobody"));
    EXPECT_NE(text.find("from here on NVIDIA 13.2, before NVIDIA 13.0"), text.npos) << text;
    EXPECT_NE(text.find("from here on openblas OpenBLAS 0.3.30, before openblas OpenBLAS 0.3.21"), text.npos) << text;
    EXPECT_EQ(text.find("GNU"), text.npos) << "no cell was compiled by it";
}

TEST(Histories, TheLargestChangeStandsFirst) {
    const std::vector<NamedReport> reports{made_at("2026-01-01T00:00:00Z"), made_at("2026-02-01T00:00:00Z")};
    History history = history_of(reports);
    history.courses[0].segments[0].changes = {{1, 100, 110, 1e-4}};
    history.courses[1].segments[0].changes = {{1, 200, 100, 0}};
    const std::vector<Table> tables = history_tables(history, reports, "by hand");
    ASSERT_EQ(tables[1].title, "Change points");
    ASSERT_EQ(tables[1].rows.size(), 2u);
    EXPECT_EQ(tables[1].rows[0].cells[4], "50.0 % faster");
    EXPECT_EQ(tables[1].rows[1].cells[4], "10.0 % slower");
    EXPECT_EQ(tables[1].rows[1].cells[5], "1 run before, 1 after");
    const std::string text = text_of(tables);
    EXPECT_NE(text.find("50.0 % faster from here on: 200 ns to 100 ns, p < 1e-06"), text.npos) << text;
    EXPECT_NE(text.find("10.0 % slower from here on: 100 ns to 110 ns, p = 1.0e-04"), text.npos) << text;
}

TEST(Histories, AreTheSameAsJson) {
    const std::vector<NamedReport> reports{made_at("2026-01-01T00:00:00Z"), made_at("2026-02-01T00:00:00Z")};
    History history = history_of(reports);
    history.courses[0].segments[0].changes = {{1, 100, 110, 1e-4}};
    const auto json = history_json(history, reports, "by hand");
    EXPECT_EQ(json["format"], "stele-history");
    ASSERT_EQ(json["cells"].size(), history.courses.size());
    const auto& segment = json["cells"][0]["segments"][0];
    EXPECT_EQ(segment["points"][1]["median_ns"], 4.4e6);
    EXPECT_EQ(segment["changes"][0]["point"], 1);
    EXPECT_EQ(json["cells"][3]["segments"][0]["points"][0]["reason"], "wrong: every element of C is zero");
}

}  // namespace
}  // namespace stele::history_test
