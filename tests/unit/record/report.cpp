// Reports as JSON: what is written is read back whole, and what is not a report is refused with the place.
#include "harness/record/report_json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace stele::report_test {
namespace {

using Json = nlohmann::ordered_json;

Report sample_report() {
    Report report;
    report.environment.revision = "0123456789ab-dirty";
    report.environment.cpu = "A CPU";
    report.environment.started = "2026-01-31T12:34:56Z";
    report.environment.command_line = {"bench", "gemm"};
    report.environment.variables = {{"POCL_AFFINITY", "1"}};
    report.environment.cpu_quota = 1.5;
    report.environment.libraries = {{"openblas", {"OpenBLAS 0.3.21", 2}}};
    DeviceInfo device;
    device.id = "opencl:0";
    device.backend = "opencl";
    device.name = "A \"device\" with a name\n";
    device.is_cpu = true;
    device.global_bytes = std::size_t{1} << 40;
    device.languages = {Language::opencl, Language::opencl_ptx};
    report.devices = {device};
    report.clocks["opencl:0"] = {1e6, 1.01e6, 1, 2000};
    report.absent = {{"cuda", "no driver"}};

    Measurement passed;
    passed.variant = "gemm/tiled.opencl@64x64x16";
    passed.operation = "gemm";
    passed.algorithm = "tiled";
    passed.tile = "64x64x16";
    passed.language = Language::opencl;
    passed.problem = "m=2 n=2 k=2 f16";
    passed.dtype = Dtype::f16;
    passed.device = "opencl:0";
    passed.regime = Regime::sustained;
    passed.cache = CacheMode::warm;
    passed.seed = std::numeric_limits<std::uint64_t>::max();
    passed.flops = passed.dense_flops = 16;
    passed.bytes = 24;
    passed.verdict.outcome = Outcome::passed;
    passed.verdict.max_relative = 1.25e-7;
    passed.verdict.worst_index = {1, 0};
    passed.timing.emplace();
    passed.timing->samples_ns = {0.1 + 0.2, 3, 5};
    passed.timing->pass = {0, 1, 2};
    passed.timing->round = {0, 0, 0};
    passed.timing->rounds = 1;
    passed.timing->clock.resize(3);
    passed.timing->clock[1].sm_mhz = 1980;
    passed.timing->clock[1].throttle_reasons = {"power"};
    passed.timing->median_ns = 3;
    passed.timing->low_ns = 0.1 + 0.2;
    passed.timing->high_ns = 5;
    passed.timing->coverage = 0.75;
    passed.timing->passes = 3;
    passed.timing->stopped_by = StoppedBy::time_limit;

    Measurement wrong = passed;
    wrong.verdict.outcome = Outcome::wrong;
    wrong.verdict.reason = "all zeros";
    wrong.verdict.worst_got = std::numeric_limits<double>::quiet_NaN();
    wrong.verdict.max_absolute = std::numeric_limits<double>::infinity();
    wrong.verdict.worst_expected = -std::numeric_limits<double>::infinity();
    wrong.timing.reset();
    report.measurements = {passed, wrong};
    return report;
}

/// The report's JSON after `change`, read; the message if it is refused.
template <typename Change>
std::string refusal(Change change) {
    Json json = to_json(sample_report());
    change(json);
    try {
        report_from_text(json.dump(), "file");
    } catch (const ReportError& error) {
        return error.what();
    }
    return "";
}

TEST(ReportJson, ReadsBackWhatItWrote) {
    const Report report = sample_report();
    const std::string text = dump(to_json(report));
    const Report again = report_from_text(text, "file");
    EXPECT_EQ(dump(to_json(again)), text);
    ASSERT_EQ(again.measurements.size(), 2u);
    const Measurement& passed = again.measurements[0];
    EXPECT_EQ(passed.seed, std::numeric_limits<std::uint64_t>::max());
    ASSERT_TRUE(passed.timing.has_value());
    EXPECT_EQ(passed.timing->samples_ns, report.measurements[0].timing->samples_ns);
    EXPECT_EQ(passed.timing->clock[1].sm_mhz, 1980);
    EXPECT_FALSE(passed.timing->clock[0].sm_mhz.has_value());
    EXPECT_FALSE(again.measurements[1].timing.has_value());
    EXPECT_EQ(again.devices[0].languages, report.devices[0].languages);
    EXPECT_EQ(again.devices[0].name, report.devices[0].name);
    EXPECT_EQ(again.environment.variables, report.environment.variables);
    EXPECT_EQ(again.environment.cpu_quota, 1.5);
    EXPECT_EQ(again.environment.libraries->at("openblas").threads, 2);
    EXPECT_EQ(again.clocks.at("opencl:0").host_ns, 1.01e6);
}

TEST(ReportJson, KeepsNumbersThatJsonCannotHold) {
    const Report again = report_from_text(dump(to_json(sample_report())), "file");
    const Verdict& verdict = again.measurements[1].verdict;
    EXPECT_TRUE(std::isnan(verdict.worst_got));
    EXPECT_EQ(verdict.max_absolute, std::numeric_limits<double>::infinity());
    EXPECT_EQ(verdict.worst_expected, -std::numeric_limits<double>::infinity());
}

TEST(ReportJson, NamesThePlaceOfABadField) {
    const auto expect = [](const std::string& message, const std::string& part) {
        EXPECT_NE(message.find(part), std::string::npos) << "got: " << message;
    };
    expect(refusal([](Json& json) { json["measurements"][1]["verdict"]["outcome"] = "fine"; }),
           "measurements[1].verdict.outcome is 'fine'; known are passed, wrong");
    expect(refusal([](Json& json) { json["measurements"][0]["timing"]["samples_ns"][2] = "slow"; }),
           "measurements[0].timing.samples_ns[2] must be a number");
    expect(refusal([](Json& json) { json["measurements"][0]["verdict"].erase("rms"); }),
           "measurements[0].verdict.rms is missing");
    expect(refusal([](Json& json) { json["devices"][0]["colour"] = 1; }), "devices[0].colour is not a field");
    expect(refusal([](Json& json) { json["environment"]["cpu_threads"] = 1e99; }),
           "environment.cpu_threads must be a whole");
    expect(refusal([](Json& json) { json["environment"]["cpu_threads"] = 1ull << 40; }), "out of range");
    expect(refusal([](Json& json) { json["measurements"] = 3; }), "measurements must be an array, not a number");
    expect(refusal([](Json& json) { json["measurements"][0]["seed"] = -1; }), "measurements[0].seed is -1");
    expect(refusal([](Json& json) { json["complete"] = "yes"; }), "complete must be true or false");
}

TEST(ReportJson, RefusesWhatTypesCannotSay) {
    const auto expect = [](const std::string& message, const std::string& part) {
        EXPECT_NE(message.find(part), std::string::npos) << "got: " << message;
    };
    expect(refusal([](Json& json) { json["measurements"][1]["timing"] = json["measurements"][0]["timing"]; }),
           "measurements[1].timing stands beside the outcome 'wrong'");
    expect(refusal([](Json& json) { json["measurements"][0]["device"] = "cuda:7"; }), "which is not in devices");
    expect(refusal([](Json& json) { json["measurements"][1]["device"] = ""; }), "the outcome must be skipped");
    expect(refusal([](Json& json) { json["measurements"][0]["timing"]["samples_ns"][0] = 0; }),
           "must be a positive time in ns");
    expect(refusal([](Json& json) { json["measurements"][0]["timing"]["samples_ns"][0] = "nan"; }),
           "must be a positive time in ns");
    expect(refusal([](Json& json) { json["measurements"][0]["timing"]["pass"].push_back(3); }),
           "has 4 entries for 3 samples");
    expect(refusal([](Json& json) { json["measurements"][0]["timing"]["median_ns"] = 7; }), "the samples' median is 3");
    expect(refusal([](Json& json) { json["measurements"][0]["flops"] = "nan"; }),
           "measurements[0].flops is nan, and must be a count");
}

TEST(ReportJson, TheWorkOfAProblemThatDidNotFitIsNotCounted) {
    const auto uncounted = [](const char* outcome) {
        return refusal([&](Json& json) {
            Json& cell = json["measurements"][1];
            cell["verdict"]["outcome"] = outcome;
            cell["flops"] = cell["bytes"] = 0;
        });
    };
    EXPECT_EQ(uncounted("skipped"), "");
    EXPECT_NE(uncounted("wrong").find("measurements[1].flops is 0"), std::string::npos) << uncounted("wrong");
}

TEST(ReportJson, TellsTruncationFromOtherFiles) {
    const auto message = [](const std::string& text) -> std::string {
        try {
            report_from_text(text, "a/file");
        } catch (const ReportError& error) {
            return error.what();
        }
        return "";
    };
    const std::string text = dump(to_json(sample_report()));
    for (std::size_t length : {std::size_t{1}, text.size() / 3, text.size() / 2, text.size() - 3})
        EXPECT_NE(message(text.substr(0, length)).find("truncated"), std::string::npos)
            << message(text.substr(0, length));
    EXPECT_NE(message("").find("a/file: the file is empty"), std::string::npos);
    EXPECT_NE(message("variant,time\n1,2\n").find("not JSON"), std::string::npos);
    EXPECT_NE(message("[1, 2]").find("not a Stele report"), std::string::npos);
    EXPECT_NE(message(R"({"format": 1})").find("not a Stele report"), std::string::npos);
    EXPECT_NE(message(R"({"context": {}, "benchmarks": []})").find("not a Stele report"), std::string::npos);
    EXPECT_NE(message(R"({"format": "stele-report", "schema_version": 99})").find("schema version 99"),
              std::string::npos);
    EXPECT_NE(message(R"({"format": "stele-report", "schema_version": 1e400})").find("not JSON that can be read"),
              std::string::npos);
    EXPECT_NE(message(std::string(60, '[')).find("truncated"), std::string::npos);
}

TEST(ReportJson, ReadsVersion1) {
    Json old = to_json(sample_report());
    old["schema_version"] = 1;
    old["environment"].erase("cpu_family");
    for (const char* later : {"allowed_cpus", "cpu_quota", "libraries"}) old["environment"].erase(later);
    Json& timing = old["measurements"][0]["timing"];
    for (const auto& [now, then] : {std::pair{"passes", "rounds"}, {"pass", "round"}}) {
        const Json value = timing[now];
        timing.erase(now);
        timing[then] = value;
    }
    const Report read = report_from_text(old.dump(), "file");
    EXPECT_EQ(read.measurements[0].timing->passes, 3u);
    EXPECT_EQ(read.measurements[0].timing->pass, (std::vector<std::uint32_t>{0, 1, 2}));
    EXPECT_EQ(read.environment.cpu_family, "");
    EXPECT_EQ(read.environment.allowed_cpus, "");
    EXPECT_FALSE(read.environment.libraries.has_value()) << "not known, which is not none";
    EXPECT_EQ(to_json(read)["schema_version"], 2) << "written as of now";
    timing.erase("round");
    EXPECT_THROW(report_from_text(old.dump(), "file"), ReportError);
    old["schema_version"] = 2;
    EXPECT_THROW(report_from_text(old.dump(), "file"), ReportError) << "old names are of version 1 alone";
}

TEST(ReportJson, WhatIsWrongInVersion1IsSaidByTheReader) {
    Json old = to_json(sample_report());
    old["schema_version"] = 1;
    const Report read = report_from_text(old.dump(), "file");
    EXPECT_EQ(read.measurements[0].timing->passes, 3u) << "a present name stays where it is";
    EXPECT_EQ(read.measurements[0].timing->rounds, 1u);
    const auto message = [&](auto change) -> std::string {
        Json changed = old;
        change(changed);
        try {
            report_from_text(changed.dump(), "file");
        } catch (const ReportError& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_EQ(message([](Json& json) { json.erase("environment"); }), "file: environment is missing");
    EXPECT_NE(message([](Json& json) { json["environment"] = 3; }).find("environment must be"), std::string::npos);
    EXPECT_EQ(message([](Json& json) { json.erase("measurements"); }), "file: measurements is missing");
    EXPECT_NE(message([](Json& json) { json["measurements"] = 3; }).find("measurements must be"), std::string::npos);
    EXPECT_NE(message([](Json& json) { json["measurements"][1] = 3; }).find("measurements[1] must be"),
              std::string::npos);
    EXPECT_NE(message([](Json& json) { json["measurements"][0]["timing"] = 3; }).find("measurements[0].timing must"),
              std::string::npos);
    EXPECT_EQ(message([](Json& json) {
                  for (const char* gone : {"passes", "rounds"}) json["measurements"][0]["timing"].erase(gone);
              }),
              "file: measurements[0].timing.passes is missing");
    EXPECT_NE(message([](Json& json) { json["measurements"][0]["timing"]["pass"] = 3; }).find("timing.pass must be"),
              std::string::npos);
}

TEST(ReportJson, VariantsAreReadByTheirPresentNames) {
    const auto read = [](const std::string& id, const std::string& language) {
        Json json = to_json(sample_report());
        Json& cell = json["measurements"][0];
        cell["variant"] = id;
        cell["language"] = language;
        return report_from_text(json.dump(), "file").measurements[0];
    };
    const Measurement clusters = read("gemm/hopper.ptx@64x64", "ptx");
    EXPECT_EQ(clusters.variant, "gemm/hopper/clusters.ptx@64x64");
    EXPECT_EQ(clusters.algorithm, "hopper/clusters");
    EXPECT_EQ(clusters.tile, "64x64");
    const Measurement chosen = read("gemm/hopper.ptx@auto", "ptx");
    EXPECT_EQ(chosen.variant, "gemm/hopper/auto.ptx");
    EXPECT_EQ(chosen.algorithm, "hopper/auto");
    EXPECT_EQ(chosen.tile, "");
    const Measurement library = read("gemm/vendor.clblast_f16", "vendor");
    EXPECT_EQ(library.variant, "gemm/vendor.clblast");
    EXPECT_EQ(library.algorithm, "vendor.clblast");
    const Measurement present = read("gemm/novel.ptx@1x1", "ptx");
    EXPECT_EQ(present.algorithm, "tiled") << "what has no former name is as the report has it";
    EXPECT_EQ(present.tile, "64x64x16");
}

TEST(ReportJson, FileThatIsNotThere) {
    EXPECT_THROW(read_report("/nonexistent/report.json"), ReportError);
    EXPECT_THROW(read_report("/"), ReportError);
}

}  // namespace
}  // namespace stele::report_test
