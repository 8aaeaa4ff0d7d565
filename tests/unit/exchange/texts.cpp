// The exporters' whole texts, of reports that are small enough to be read.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/base/error.hpp"
#include "harness/exchange/bencher.hpp"
#include "harness/exchange/csv.hpp"
#include "harness/exchange/csv_text.hpp"
#include "harness/exchange/exporters.hpp"
#include "harness/exchange/github_action.hpp"
#include "harness/exchange/junit.hpp"
#include "harness/exchange/nvbench.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::exporter_texts_test {
namespace {

using nlohmann::json;

constexpr const char* square = "m=512 n=512 k=512 f32";

/// Only these cells of the sample.
NamedReport with_cells(const std::vector<std::size_t>& kept) {
    NamedReport named{"a.json", test::sample_report()};
    std::vector<Measurement> cells;
    for (const std::size_t cell : kept) cells.push_back(named.report.measurements.at(cell));
    named.report.measurements = cells;
    return named;
}

TEST(CsvLines, QuoteForEachOfFourCharacters) {
    EXPECT_EQ(csv_line({"a\rb"}), "\"a\rb\"\n");
    EXPECT_EQ(csv_line({"a\nb"}), "\"a\nb\"\n");
    EXPECT_EQ(csv_line({"a,b"}), "\"a,b\"\n");
    EXPECT_EQ(csv_line({"a\"b"}), "\"a\"\"b\"\n");
    EXPECT_EQ(csv_line({"", ""}), ",\n");
    EXPECT_EQ(csv_line({}), "\n");
}

TEST(CsvTexts, AreARowACell) {
    const std::string heading =
        "report,started,revision,operation,variant,language,problem,device,hardware,platform,driver,threads,regime,"
        "cache,fill,outcome,reason,median_ns,low_ns,high_ns,samples,rounds,flops,bytes\n";
    const std::string begin = "a.json,2026-01-31T12:34:56Z,0123456789ab-dirty,gemm,";
    const std::string on_cpu =
        "opencl,m=512 n=512 k=512 f32,opencl:0,A CPU (family 25 model 17 stepping 1),A platform,3.1,"
        "3 threads on 0-2 for 1.5,";
    const std::string tiled = begin + "gemm/tiled.opencl@64x64x16," + on_cpu +
                              "burst,cold,normal,passed,,4400000,4100000,4700000,7,1,268435456,3145728\n";
    const std::string slow = begin + "gemm/naive.opencl," + on_cpu +
                             "burst,cold,normal,passed,\"one execution took 14 s, longer than the 2 s that are "
                             "timed\",,,,,,268435456,3145728\n";
    const std::string wrong = begin + "gemm/panel.opencl@8x16," + on_cpu +
                              "burst,cold,normal,wrong,every element of C is zero,,,,,,268435456,3145728\n";
    EXPECT_EQ(csv_text(std::vector{with_cells({0, 2, 3})}), heading + tiled + slow + wrong);
    EXPECT_EQ(csv_text(std::vector{with_cells({3}), with_cells({0})}), heading + wrong + tiled);
}

TEST(JunitTexts, HaveATestsuiteAReportAndTheirSums) {
    NamedReport first = with_cells({0, 2, 3, 4}), second = with_cells({4});
    second.name = "b.json";
    second.report.complete = false;
    second.report.environment.started = "2026-02-01T00:00:00Z";
    EXPECT_EQ(junit_xml(std::vector{first, second}),
              R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="stele" tests="5" failures="1" errors="0" skipped="2">
  <testsuite name="a.json" tests="4" failures="1" errors="0" skipped="1" time="14.004400000" timestamp="2026-01-31T12:34:56">
    <properties>
      <property name="revision" value="0123456789ab-dirty"/>
      <property name="complete" value="true"/>
      <property name="cpu" value="A CPU"/>
    </properties>
    <testcase classname="gemm" name="gemm/tiled.opencl@64x64x16/m=512 n=512 k=512 f32/opencl:0" time="0.004400000"/>
    <testcase classname="gemm" name="gemm/naive.opencl/m=512 n=512 k=512 f32/opencl:0" time="14.000000000"/>
    <testcase classname="gemm" name="gemm/panel.opencl@8x16/m=512 n=512 k=512 f32/opencl:0" time="0.000000000">
      <failure type="wrong" message="every element of C is zero">wrong: every element of C is zero</failure>
    </testcase>
    <testcase classname="gemm" name="gemm/tiled.opencl_ptx@64x64x16/m=512 n=512 k=512 f32/" time="0.000000000">
      <skipped message="no device: none here"/>
    </testcase>
  </testsuite>
  <testsuite name="b.json" tests="1" failures="0" errors="0" skipped="1" time="0.000000000" timestamp="2026-02-01T00:00:00">
    <properties>
      <property name="revision" value="0123456789ab-dirty"/>
      <property name="complete" value="false"/>
      <property name="cpu" value="A CPU"/>
    </properties>
    <testcase classname="gemm" name="gemm/tiled.opencl_ptx@64x64x16/m=512 n=512 k=512 f32/" time="0.000000000">
      <skipped message="no device: none here"/>
    </testcase>
  </testsuite>
</testsuites>
)");
}

TEST(GithubActionTexts, HaveAnEntryATimedCell) {
    const json entries = json::parse(github_action_json(with_cells({2, 5})));
    EXPECT_EQ(entries, json::parse(R"([{"name": "gemm/tiled.cuda@128x128/m=512 n=512 k=512 f32/cuda:0", "unit": "ns",
                                        "value": 62000.0, "range": "61000–63000", "extra": "A GPU, \n3 samples"}])"));
}

TEST(BencherTexts, HaveAnEntryATimedCell) {
    EXPECT_EQ(json::parse(bencher_json(with_cells({5, 2, 6}))),
              json::parse(R"({"gemm/tiled.cuda@128x128/m=512 n=512 k=512 f32/cuda:0":
                                {"latency": {"value": 62000.0, "lower_value": 61000.0, "upper_value": 63000.0}},
                              "gemm/naive.opencl/m=1 n=1024 k=1024 bf16 b=nk/opencl:0":
                                {"latency": {"value": 530000.0, "lower_value": 520000.0, "upper_value": 540000.0}}})"));
}

/// The values of a state's summaries, by the ends of their tags.
std::map<std::string, json> summaries_of(const json& state) {
    std::map<std::string, json> values;
    for (const json& summary : state.at("summaries")) {
        const auto tag = summary.at("tag").get<std::string>();
        values[tag.substr(std::string("nv/cold/").size())] = summary.at("data").at(0).at("value");
    }
    return values;
}

json nvbench_state_of(std::vector<double> samples_ns, const std::vector<std::optional<double>>& mhz) {
    NamedReport named = with_cells({5});
    named.report.measurements[0].timing = test::timing_of(std::move(samples_ns));
    for (const auto& clock : mhz) {
        named.report.measurements[0].timing->clock.emplace_back();
        named.report.measurements[0].timing->clock.back().sm_mhz = clock;
    }
    return json::parse(nvbench_json(named)).at("benchmarks").at(0).at("states").at(0);
}

TEST(NvbenchTexts, HaveTheSpreadOfFiveSamplesByHand) {
    // Out of order; the mean is 4 µs, the squares are 9, 4, 1, 0 and 36, quartiles are the second and the fourth.
    const auto values = summaries_of(nvbench_state_of({3e3, 1e3, 10e3, 4e3, 2e3}, {1000, {}, 2000, {}, {}}));
    const auto number = [&](const char* tag) { return std::stod(values.at(tag).get<std::string>()); };
    EXPECT_EQ(values.at("sample_size"), "5");
    EXPECT_NEAR(number("time/gpu/min"), 1e-6, 1e-15);
    EXPECT_NEAR(number("time/gpu/max"), 10e-6, 1e-15);
    EXPECT_NEAR(number("time/gpu/mean"), 4e-6, 1e-15);
    EXPECT_NEAR(number("time/gpu/stdev/absolute"), std::sqrt(50.0 / 4) * 1e-6, 1e-15);
    EXPECT_NEAR(number("time/gpu/stdev/relative"), std::sqrt(50.0 / 4) / 4, 1e-9);
    EXPECT_NEAR(number("time/gpu/q1"), 2e-6, 1e-15);
    EXPECT_NEAR(number("time/gpu/median"), 3e-6, 1e-15);
    EXPECT_NEAR(number("time/gpu/q3"), 4e-6, 1e-15);
    EXPECT_NEAR(number("time/gpu/iqr/absolute"), 2e-6, 1e-15);
    EXPECT_NEAR(number("time/gpu/iqr/relative"), 2.0 / 3, 1e-9);
    EXPECT_NEAR(number("sm_clock_rate/mean"), 1.5e9, 1) << "of the two that are known";
}

TEST(NvbenchTexts, HaveNoNoiseOfFourSamplesAndNoClockWhereNoneIsKnown) {
    const auto values = summaries_of(nvbench_state_of({1e3, 2e3, 3e3, 4e3}, {{}, {}, {}, {}}));
    for (const char* tag :
         {"time/gpu/stdev/absolute", "time/gpu/stdev/relative", "time/gpu/iqr/absolute", "time/gpu/iqr/relative"})
        EXPECT_TRUE(values.at(tag).is_null()) << tag;
    EXPECT_EQ(values.at("sample_size"), "4");
    EXPECT_FALSE(values.contains("sm_clock_rate/mean"));
}

TEST(NvbenchTexts, PutProblemsOfOneVariantAndDeviceIntoOneBenchmark) {
    // Two problems of one variant, the first of them untimed; one that failed; one without a device; one on a GPU.
    const json root = json::parse(nvbench_json(with_cells({2, 6, 3, 4, 5})));
    const json& benchmarks = root["benchmarks"];
    ASSERT_EQ(benchmarks.size(), 3u);
    EXPECT_EQ(benchmarks[0]["name"], "gemm/naive.opencl/opencl:0");
    EXPECT_EQ(benchmarks[0]["index"], 0);
    EXPECT_EQ(benchmarks[0]["devices"], json::parse("[0]"));
    EXPECT_EQ(benchmarks[0]["axes"], json::parse(R"([{"name": "Problem", "type": "string", "flags": "", "values": [
        {"input_string": "m=512 n=512 k=512 f32", "description": "", "value": "m=512 n=512 k=512 f32"},
        {"input_string": "m=1 n=1024 k=1024 bf16 b=nk", "description": "", "value": "m=1 n=1024 k=1024 bf16 b=nk"}]}])"));
    const json& states = benchmarks[0]["states"];
    ASSERT_EQ(states.size(), 2u);
    EXPECT_EQ(states[0]["name"], std::string("Device=0 Problem=") + square);
    EXPECT_EQ(states[0]["device"], 0);
    EXPECT_EQ(states[0]["type_config_index"], 0);
    EXPECT_EQ(states[0]["axis_values"], json::parse(R"([{"name": "Problem", "type": "string",
                                                         "value": "m=512 n=512 k=512 f32"}])"));
    EXPECT_EQ(states[0]["is_skipped"], true);
    EXPECT_EQ(states[0]["skip_reason"], "one execution took 14 s, longer than the 2 s that are timed");
    EXPECT_EQ(states[1]["is_skipped"], false);
    EXPECT_FALSE(states[1].contains("skip_reason"));
    EXPECT_EQ(benchmarks[1]["index"], 1);
    EXPECT_EQ(benchmarks[1]["states"][0]["skip_reason"], "wrong: every element of C is zero");
    EXPECT_EQ(benchmarks[2]["devices"], json::parse("[1]"));
    EXPECT_EQ(benchmarks[2]["states"][0]["name"], std::string("Device=1 Problem=") + square);
    EXPECT_EQ(root["meta"], json::parse(R"({"argv": ["bench", "gemm"], "version": {"json":
                                            {"major": 1, "minor": 0, "patch": 0, "string": "1.0.0"}}})"));
    EXPECT_EQ(root["devices"][0], json::parse(R"({"id": 0, "name": "pthread-A CPU", "sm_version": 0,
        "number_of_sms": 3, "max_threads_per_block": 4096, "global_memory_size": 34359738368,
        "l2_cache_size": 33554432, "shared_memory_per_block": 262144})"));
    EXPECT_EQ(root["devices"][1]["id"], 1);
    EXPECT_EQ(root["devices"].size(), 2u);
}

}  // namespace
}  // namespace stele::exporter_texts_test
