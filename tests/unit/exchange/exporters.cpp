// Each exporter by itself: what it makes of a report with a cell of each outcome.
#include "harness/exchange/exporters.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/base/error.hpp"
#include "harness/exchange/bencher.hpp"
#include "harness/exchange/csv.hpp"
#include "harness/exchange/csv_text.hpp"
#include "harness/exchange/github_action.hpp"
#include "harness/exchange/google_benchmark.hpp"
#include "harness/exchange/junit.hpp"
#include "harness/exchange/nvbench.hpp"
#include "harness/exchange/otava.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::exporters_test {
namespace {

using nlohmann::json;

const NamedReport& sample() {
    static const NamedReport report{"a.json", test::sample_report()};
    return report;
}

std::size_t timed_in(const Report& report) {
    return static_cast<std::size_t>(
        std::ranges::count_if(report.measurements, [](const Measurement& cell) { return cell.timing.has_value(); }));
}

NamedReport without_times() {
    NamedReport report = sample();
    std::erase_if(report.report.measurements, [](const Measurement& cell) { return cell.timing.has_value(); });
    return report;
}

std::string exported(const Exporter& exporter, const NamedReport& report) {
    if (exporter.of_one) return exporter.of_one(report);
    if (exporter.of_all) return exporter.of_all(std::vector{report});
    return exporter.folder(std::vector{report}, "there").back().text;
}

TEST(Exporters, EachHasANameOfItsOwnATitleAndOneWayToWrite) {
    std::set<std::string_view> names;
    for (const Exporter& exporter : all_exporters()) {
        EXPECT_TRUE(names.insert(exporter.name).second) << exporter.name;
        EXPECT_FALSE(exporter.title.empty());
        EXPECT_EQ((exporter.of_one ? 1 : 0) + (exporter.of_all ? 1 : 0) + (exporter.folder ? 1 : 0), 1);
        // What Google Benchmark is told once stays in the process, which google_benchmark.cpp looks at.
        if (exporter.of_one != google_benchmark_json) {
            EXPECT_FALSE(exported(exporter, sample()).empty()) << exporter.name;
        }
    }
}

TEST(Exporters, OfNothingIsNothingFound) {
    const NamedReport untimed = without_times(), empty{"b.json", {}};
    for (const Exporter& exporter : all_exporters()) {
        EXPECT_THROW(exported(exporter, empty), NothingFound) << exporter.name;
        if (exporter.of_all) {
            EXPECT_FALSE(exported(exporter, untimed).empty()) << exporter.name;
        } else {
            EXPECT_THROW(exported(exporter, untimed), NothingFound) << exporter.name;
        }
    }
}

TEST(GithubAction, HasTheMedianOfEachTimedCell) {
    const json entries = json::parse(github_action_json(sample()));
    ASSERT_EQ(entries.size(), timed_in(sample().report));
    EXPECT_EQ(entries[0]["name"], "gemm/tiled.opencl@64x64x16/m=512 n=512 k=512 f32/opencl:0");
    EXPECT_EQ(entries[0]["unit"], "ns");
    EXPECT_EQ(entries[0]["value"], 4.4e6);
    EXPECT_EQ(entries[0]["range"], "4100000–4700000");
    EXPECT_EQ(entries[0]["extra"], "pthread-A CPU, 3.1\n7 samples");
}

TEST(Bencher, HasTheIntervalAsBounds) {
    const json benchmarks = json::parse(bencher_json(sample()));
    ASSERT_EQ(benchmarks.size(), timed_in(sample().report));
    const json& latency = benchmarks.at("gemm/tiled.opencl@64x64x16/m=512 n=512 k=512 f32/opencl:0").at("latency");
    EXPECT_EQ(latency, (json{{"value", 4.4e6}, {"lower_value", 4.1e6}, {"upper_value", 4.7e6}}));
}

TEST(Bencher, RefusesTwoCellsOfOneName) {
    NamedReport twice = sample();
    twice.report.measurements.push_back(twice.report.measurements.front());
    EXPECT_THROW(bencher_json(twice), BadInput);
    twice.report.measurements.back().cache = CacheMode::warm;
    EXPECT_TRUE(
        json::parse(bencher_json(twice)).contains("gemm/tiled.opencl@64x64x16/m=512 n=512 k=512 f32/opencl:0/warm"));
}

TEST(Nvbench, HasASummaryOfTheSamples) {
    const json root = json::parse(nvbench_json(sample()));
    EXPECT_EQ(root["devices"][1]["name"], "A GPU");
    EXPECT_EQ(root["devices"][1]["sm_version"], 900);
    const json& benchmark = root["benchmarks"][0];
    EXPECT_EQ(benchmark["name"], "gemm/tiled.opencl@64x64x16/opencl:0");
    std::map<std::string, json> values;
    for (const json& summary : benchmark["states"][0]["summaries"])
        values[summary["tag"].get<std::string>()] = summary["data"][0]["value"];
    // 4.1 to 4.7 ms in steps of 0.1: the deviation of seven equidistant samples is √(28 ÷ 6) steps.
    const auto number = [&](const char* tag) { return std::stod(values.at(tag).get<std::string>()); };
    EXPECT_EQ(values["nv/cold/sample_size"], "7");
    EXPECT_DOUBLE_EQ(number("nv/cold/time/gpu/min"), 4.1e-3);
    EXPECT_DOUBLE_EQ(number("nv/cold/time/gpu/max"), 4.7e-3);
    EXPECT_NEAR(number("nv/cold/time/gpu/mean"), 4.4e-3, 1e-12);
    EXPECT_DOUBLE_EQ(number("nv/cold/time/gpu/median"), 4.4e-3);
    EXPECT_NEAR(number("nv/cold/time/gpu/stdev/absolute"), 1e-4 * std::sqrt(28.0 / 6), 1e-12);
    EXPECT_NEAR(number("nv/cold/time/gpu/stdev/relative"), std::sqrt(28.0 / 6) / 44, 1e-9);
    EXPECT_NEAR(number("nv/cold/time/gpu/iqr/absolute"), number("nv/cold/time/gpu/q3") - number("nv/cold/time/gpu/q1"),
                1e-15);
}

TEST(Nvbench, HasNoNoiseOfFewSamplesAndAReasonWhereThereIsNoTime) {
    std::size_t skipped = 0, noiseless = 0;
    const json root = json::parse(nvbench_json(sample()));
    for (const json& benchmark : root["benchmarks"])
        for (const json& state : benchmark["states"]) {
            EXPECT_EQ(state["is_skipped"], state["summaries"].empty());
            if (state["is_skipped"]) {
                ++skipped;
                EXPECT_FALSE(state["skip_reason"].get<std::string>().empty());
                continue;
            }
            for (const json& summary : state["summaries"])
                if (summary["tag"] == "nv/cold/time/gpu/stdev/relative")
                    noiseless += summary["data"][0]["value"].is_null();
        }
    EXPECT_EQ(skipped, 2u) << "one was wrong, one too slow to be timed; the one without a device is not there";
    EXPECT_EQ(noiseless, 4u) << "those of three samples";
}

TEST(Otava, HasATestASegmentAndAFileATest) {
    std::vector<NamedReport> reports{sample(), sample(), sample()};
    reports[1].report.environment.started = "2026-03-01T00:00:00Z";
    reports[1].report.devices[1].driver = "580.1";
    reports[2].report.environment.started = "2026-02-01T00:00:00Z";
    reports[2].report.environment.revision = "a,b";
    const std::vector<ExportedFile> files = otava_folder(reports, "in here");
    // The two cells on the GPU have a segment of each driver.
    ASSERT_EQ(files.size(), timed_in(sample().report) + 2 + 1);
    EXPECT_EQ(files[0].name, "1.csv");
    EXPECT_EQ(files[0].text,
              "time,revision,toolkit,median_ns\n2026-01-31T12:34:56Z,0123456789ab-dirty,,4400000\n"
              "2026-02-01T00:00:00Z,\"a,b\",,4400000\n2026-03-01T00:00:00Z,0123456789ab-dirty,,4400000\n");
    EXPECT_EQ(files.back().name, "otava.yaml");
    const std::string& configuration = files.back().text;
    EXPECT_TRUE(configuration.starts_with("tests:\n  \"gemm/tiled.opencl@64x64x16 | m=512 n=512 k=512 f32 | "))
        << configuration;
    EXPECT_NE(configuration.find("file: \"in here/1.csv\"\n"), configuration.npos);
    EXPECT_NE(configuration.find(" | segment 2\":\n"), configuration.npos);
    EXPECT_NE(configuration.find("\ntest_groups:\n  stele:\n    - \"gemm/"), configuration.npos);
}

TEST(Junit, TellsFailuresAndReasons) {
    NamedReport report = sample();
    report.name = "a<b>&\"c\".json";
    const std::string xml = junit_xml(std::vector{report});
    EXPECT_NE(xml.find("<testsuite name=\"a&lt;b&gt;&amp;&quot;c&quot;.json\" tests=\"8\" failures=\"1\" errors=\"0\" "
                       "skipped=\"1\""),
              xml.npos)
        << xml;
    EXPECT_NE(xml.find("<failure type=\"wrong\" message=\"every element of C is zero\">"), xml.npos);
    EXPECT_NE(xml.find("<skipped message=\"no device: none here\"/>"), xml.npos);
    EXPECT_NE(xml.find("time=\"0.004400000\""), xml.npos) << "4.4 ms in seconds";
}

TEST(CsvLines, AreAsRfc4180HasThem) {
    EXPECT_EQ(csv_line({"a", "", "1.5"}), "a,,1.5\n");
    EXPECT_EQ(csv_line({"a,b", "say \"no\"", "two\nlines"}), "\"a,b\",\"say \"\"no\"\"\",\"two\nlines\"\n");
}

TEST(Csv, HasARowACellOfAllReports) {
    const std::string text = csv_text(std::vector{sample(), without_times()});
    EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(text, '\n')),
              1 + 2 * sample().report.measurements.size() - timed_in(sample().report));
    EXPECT_TRUE(text.starts_with("report,started,revision,"));
}

}  // namespace
}  // namespace stele::exporters_test
