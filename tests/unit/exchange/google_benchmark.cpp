#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/base/error.hpp"
#include "harness/exchange/google_benchmark.hpp"

namespace stele::google_benchmark_test {
namespace {

namespace fs = std::filesystem;

Measurement measurement(std::string variant, Outcome outcome) {
    Measurement out;
    out.variant = std::move(variant);
    out.problem = "m=8 n=8 k=8 f32";
    out.device = "fake:0";
    out.flops = 1024;
    out.bytes = 768;
    out.verdict.outcome = outcome;
    out.verdict.reason = outcome == Outcome::passed ? "" : "C is zero";
    return out;
}

/// Two timed cells, one of them with two samples in a pass and a pass in each of two further rounds; one wrong, one
/// skipped.
Report report() {
    Report out;
    out.environment.revision = "abc";
    out.environment.host_compiler = "GNU 12";
    DeviceInfo device;
    device.id = "fake:0";
    device.name = "A device";
    device.driver = "3.1";
    out.devices = {device};
    Measurement fast = measurement("gemm/fast.cuda", Outcome::passed);
    fast.timing = Timing{};
    fast.verdict.max_relative = 0.125;
    fast.seed = 13;
    fast.timing->samples_ns = {100, 300, 400, 700};
    fast.timing->pass = {0, 0, 0, 0};
    fast.timing->round = {0, 0, 1, 2};
    fast.timing->passes = 1;
    fast.timing->rounds = 3;
    Measurement slow = measurement("gemm/slow.cuda", Outcome::passed);
    slow.timing = Timing{};
    slow.timing->samples_ns = {5000};
    slow.timing->pass = {0};
    slow.timing->round = {0};
    slow.timing->passes = 1;
    out.measurements = {fast, slow, measurement("gemm/broken.cuda", Outcome::wrong),
                        measurement("gemm/absent.cuda", Outcome::skipped)};
    return out;
}

class ReplayTest : public testing::Test {
protected:
    ReplayTest() { fs::create_directories(folder); }
    ~ReplayTest() override { fs::remove_all(folder); }

    nlohmann::json replay(std::vector<std::string> flags) {
        flags.push_back("--benchmark_out=" + path.string());
        flags.push_back("--benchmark_out_format=json");
        testing::internal::CaptureStdout();
        write_google_benchmark(report(), flags);
        printed = testing::internal::GetCapturedStdout();
        std::ifstream in(path);
        return nlohmann::json::parse(in);
    }

    fs::path folder = fs::path(testing::TempDir()) / "stele_google_benchmark";
    fs::path path = folder / "out.json";
    std::string printed;
};

TEST_F(ReplayTest, RepetitionsAreTheMediansOfRounds) {
    const nlohmann::json json = replay({"--benchmark_filter=."});
    std::vector<double> fast;
    std::vector<std::string> errors;
    for (const auto& run : json["benchmarks"]) {
        const std::string name = run["name"];
        EXPECT_EQ(name.find("absent"), std::string::npos) << "skipped cells are left out";
        if (run.value("error_occurred", false)) errors.push_back(run["error_message"]);
        if (name.find("gemm/fast.cuda/m=8 n=8 k=8 f32/fake:0") != 0 || run["run_type"] != "iteration") continue;
        fast.push_back(run["real_time"]);
        EXPECT_EQ(run["iterations"], 1);
        EXPECT_NEAR(run["flops_per_second"].get<double>(), 1024 / (fast.back() * 1e-9), 1);
        EXPECT_NEAR(run["bytes_per_second"].get<double>(), 768 / (fast.back() * 1e-9), 1);
    }
    ASSERT_EQ(fast.size(), 3u);
    EXPECT_NEAR(fast[0], 200, 1e-6);
    EXPECT_NEAR(fast[1], 400, 1e-6);
    EXPECT_NEAR(fast[2], 700, 1e-6);
    EXPECT_EQ(errors, std::vector<std::string>{"wrong: C is zero"});
    EXPECT_EQ(json["context"]["stele_revision"], "abc");
    EXPECT_EQ(json["context"]["stele_compiler"], "GNU 12");
    EXPECT_EQ(json["context"]["stele_device_fake:0"], "A device, 3.1");
    EXPECT_EQ(json["context"]["stele_operands"], "normal, seed 13");
    EXPECT_EQ(json["context"]["stele_regime"], "burst, cold cache");
    EXPECT_EQ(json["context"]["stele_complete"], "true");
    EXPECT_EQ(printed, "") << "quiet while --benchmark_out is given";
    EXPECT_FALSE(fs::exists(path.string() + ".partial"));
}

TEST_F(ReplayTest, NamesHoldWhatIdentifiesAlone) {
    const std::string timed = "gemm/fast.cuda/m=8 n=8 k=8 f32/fake:0/manual_time";
    std::set<std::string> names;
    const nlohmann::json json = replay({});
    for (const auto& run : json["benchmarks"]) {
        names.insert(run["run_name"]);
        if (run["run_type"] == "iteration") {
            EXPECT_EQ(run["name"], run["run_name"]);
        }
    }
    EXPECT_EQ(names, (std::set<std::string>{timed, "gemm/slow.cuda/m=8 n=8 k=8 f32/fake:0/manual_time",
                                            "gemm/broken.cuda/m=8 n=8 k=8 f32/fake:0/manual_time"}));
}

TEST_F(ReplayTest, ACounterOfNothingIsLeftOut) {
    std::map<std::string, std::set<double>> errors;
    const nlohmann::json json = replay({});
    for (const auto& run : json["benchmarks"])
        if (run["run_type"] == "iteration" && run.contains("max_relative_error"))
            errors[run["run_name"]].insert(run["max_relative_error"].get<double>());
    EXPECT_EQ(
        errors,
        (std::map<std::string, std::set<double>>{{"gemm/fast.cuda/m=8 n=8 k=8 f32/fake:0/manual_time", {0.125}}}));
}

TEST_F(ReplayTest, TheFilterSelects) {
    const nlohmann::json json = replay({"--benchmark_filter=slow"});
    for (const auto& run : json["benchmarks"])
        EXPECT_NE(run["name"].get<std::string>().find("slow"), std::string::npos);
    EXPECT_FALSE(json["benchmarks"].empty());
}

TEST_F(ReplayTest, TheFilterIsReadAsGoogleBenchmarkReadsIt) {
    const auto kept = [&](const std::string& filter) {
        std::set<std::string> names;
        const nlohmann::json json = replay({"--benchmark_filter=" + filter});
        for (const auto& run : json["benchmarks"]) names.insert(run["run_name"].get<std::string>().substr(5, 4));
        return names;
    };
    EXPECT_EQ(kept("all"), (std::set<std::string>{"fast", "slow", "brok"}));
    EXPECT_EQ(kept("-slow"), (std::set<std::string>{"fast", "brok"}));
    EXPECT_EQ(kept("slow|brok"), (std::set<std::string>{"slow", "brok"}));
    EXPECT_EQ(write_google_benchmark(report(), {"--benchmark_filter=-slow", "--benchmark_out=" + path.string()}), 2u);
    EXPECT_THROW(replay({"--benchmark_filter=xslow"}), BenchmarkFlagError);
    testing::internal::GetCapturedStdout();
}

TEST_F(ReplayTest, PrintsWhereThereIsNoFileOrItIsAskedTo) {
    const auto said = [&](const std::vector<std::string>& flags) {
        testing::internal::CaptureStdout();
        write_google_benchmark(report(), flags);
        return testing::internal::GetCapturedStdout();
    };
    const std::string out = "--benchmark_out=" + path.string();
    EXPECT_NE(said({}).find("gemm/slow.cuda"), std::string::npos);
    EXPECT_EQ(said({out}), "");
    EXPECT_NE(said({out, "--benchmark_format=console"}).find("gemm/slow.cuda"), std::string::npos);
    // Without numbers of repetitions, as their rows have none.
    const std::string names =
        "gemm/fast.cuda/m=8 n=8 k=8 f32/fake:0/manual_time\ngemm/slow.cuda/m=8 n=8 k=8 f32/fake:0/manual_time\n"
        "gemm/broken.cuda/m=8 n=8 k=8 f32/fake:0/manual_time\n";
    for (const char* listing : {"--benchmark_list_tests", "--benchmark_list_tests=yes", "--benchmark_list_tests=1"}) {
        EXPECT_EQ(said({listing}), names) << listing;
        EXPECT_EQ(said({out, listing}), names) << listing;
    }
    // What Google Benchmark was told stays in the process.
    EXPECT_EQ(said({out, "--benchmark_list_tests", "--benchmark_list_tests=false"}), "");
}

TEST_F(ReplayTest, TheFileIsOfTheFormatThatWasAskedFor) {
    const auto written = [&](const std::string& format) {
        write_google_benchmark(report(), {"--benchmark_out=" + path.string(), "--benchmark_out_format=" + format});
        std::ifstream in(path);
        return std::string{std::istreambuf_iterator<char>(in), {}};
    };
    EXPECT_TRUE(nlohmann::json::accept(written("json")));
    EXPECT_NE(written("csv").find("\nname,iterations,real_time,"), std::string::npos) << written("csv");
    EXPECT_NE(written("console").find("\nBenchmark "), std::string::npos) << written("console");
}

TEST_F(ReplayTest, FlagsThatAreNotAboutSamplingAreGoogleBenchmarks) {
    for (const char* unit : {"us", "ns"}) {
        const nlohmann::json json = replay({std::string("--benchmark_time_unit=") + unit, "--benchmark_filter=slow"});
        EXPECT_EQ(json["benchmarks"][0]["time_unit"], unit);
        EXPECT_DOUBLE_EQ(json["benchmarks"][0]["real_time"].get<double>(), std::string(unit) == "us" ? 5 : 5000);
    }
}

TEST_F(ReplayTest, AnExportHoldsWhatAFileWould) {
    std::set<std::string> names;
    const nlohmann::json json = nlohmann::json::parse(google_benchmark_json({"a.json", report()}));
    for (const auto& run : json["benchmarks"]) names.insert(run["run_name"].get<std::string>().substr(5, 4));
    EXPECT_EQ(names, (std::set<std::string>{"fast", "slow", "brok"}));
}

TEST_F(ReplayTest, AFilterThatMatchesNothingIsAnErrorAndWritesNothing) {
    EXPECT_THROW(replay({"--benchmark_filter=nothing_is_called_this"}), BenchmarkFlagError);
    testing::internal::GetCapturedStdout();
    EXPECT_FALSE(fs::exists(path));
}

TEST_F(ReplayTest, FlagsAboutSamplingHaveNoEffect) {
    const nlohmann::json json = replay({"--benchmark_repetitions=7", "--benchmark_min_warmup_time=1",
                                        "--benchmark_min_time=2", "--benchmark_enable_random_interleaving"});
    std::map<std::string, std::vector<double>> times;
    for (const auto& run : json["benchmarks"])
        if (run["run_type"] == "iteration")
            times[run["run_name"].get<std::string>().substr(5, 4)].push_back(
                std::round(run["real_time"].get<double>()));
    EXPECT_EQ(times["fast"], (std::vector<double>{200, 400, 700}));
    EXPECT_EQ(times["slow"], (std::vector<double>{5000}));
    EXPECT_EQ(times["brok"].size(), 1u);
}

TEST(BenchmarkFlags, BadOnesAreErrorsOfOurs) {
    for (const char* flag : {"--benchmark_filter=(",
                             "--benchmark_filter=[",
                             "--benchmark_out",
                             "--benchmark_out=",
                             "--benchmark_format=xml",
                             "--benchmark_out_format=yaml",
                             "--benchmark_repetitions=0",
                             "--benchmark_repetitions=many",
                             "--benchmark_min_time=fast",
                             "--benchmark_min_time=-1",
                             "--benchmark_time_unit=h",
                             "--benchmark_list_tests=perhaps",
                             "--benchmark_context=novalue",
                             "--benchmark_fitler=x",
                             "--benchmark_",
                             "--benchmark_repetitions=3x",
                             "--benchmark_repetitions=",
                             "--benchmark_repetitions=99999999999",
                             "--benchmark_min_time=1x",
                             "--benchmark_min_time=",
                             "--benchmark_min_time=1e999",
                             "--benchmark_context=a=b,c",
                             "--benchmark_context==b",
                             "--benchmark_color=perhaps",
                             "--benchmark_repetitions",
                             "--benchmark_time_unit=",
                             "benchmark_filter=x"})
        EXPECT_THROW(check_benchmark_flags({flag}), BenchmarkFlagError) << flag;
}

TEST(BenchmarkFlags, GoodOnesPass) {
    for (const char* flag : {"--benchmark_filter=gemm.*(cuda|ptx)", "--benchmark_filter=-slow",
                             "--benchmark_filter=", "--benchmark_format=csv", "--benchmark_repetitions=3",
                             "--benchmark_min_time=0.5", "--benchmark_time_unit=us", "--benchmark_list_tests",
                             "--benchmark_list_tests=true", "--benchmark_context=a=b,c=d", "--benchmark_color=auto",
                             "--benchmark_perf_counters=", "--benchmark_min_time=0", "--benchmark_repetitions=1",
                             "--benchmark_context=a="})
        EXPECT_NO_THROW(check_benchmark_flags({flag})) << flag;
    for (const std::string value : {"true", "false", "yes", "no", "on", "off", "1", "0"})
        EXPECT_NO_THROW(check_benchmark_flags({"--benchmark_list_tests=" + value, "--benchmark_color=" + value}));
    for (const std::string value : {"console", "json", "csv"})
        EXPECT_NO_THROW(check_benchmark_flags({"--benchmark_format=" + value, "--benchmark_out_format=" + value}));
    for (const std::string value : {"ns", "us", "ms", "s"})
        EXPECT_NO_THROW(check_benchmark_flags({"--benchmark_time_unit=" + value}));
}

TEST(BenchmarkFlags, TheLastOfTwoCounts) {
    EXPECT_EQ(benchmark_output({}), std::nullopt);
    EXPECT_EQ(benchmark_output({"--benchmark_out=a", "--benchmark_filter=x", "--benchmark_out=b=c"}), "b=c");
    EXPECT_THROW(benchmark_output({"--benchmark_fitler=x"}), BenchmarkFlagError);
}

TEST(BenchmarkFlags, AreRefusedInWords) {
    const auto refusal = [](const std::string& flag) -> std::string {
        try {
            check_benchmark_flags({flag});
        } catch (const BenchmarkFlagError& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_TRUE(refusal("--benchmark_filters=x")
                    .starts_with("Google Benchmark has no flag --benchmark_filters; did you mean --benchmark_filter"));
    EXPECT_EQ(refusal("--zzzzzzzz"), "Google Benchmark has no flag --zzzzzzzz");
    EXPECT_EQ(refusal("--benchmark_out"), "--benchmark_out wants a value: --benchmark_out=VALUE");
    EXPECT_EQ(refusal("--benchmark_out="), "--benchmark_out: '' is not a file's path");
    EXPECT_EQ(refusal("--benchmark_list_tests=maybe"), "--benchmark_list_tests: 'maybe' is not true or false");
    EXPECT_EQ(refusal("--benchmark_color=maybe"), "--benchmark_color: 'maybe' is not auto, true or false");
    EXPECT_EQ(refusal("--benchmark_min_time=-1"), "--benchmark_min_time: '-1' is not a number of seconds");
    EXPECT_EQ(refusal("--benchmark_repetitions=0"), "--benchmark_repetitions: '0' is not a whole number from 1 on");
    EXPECT_EQ(refusal("--benchmark_context=a"), "--benchmark_context: 'a' is not key=value,key=value");
}

TEST(BenchmarkFlags, AnUnwritableFileIsFoundBeforehand) {
    EXPECT_THROW(check_benchmark_flags({"--benchmark_out=/dev/null/out.json"}), CannotWrite);
}

TEST(BenchmarkFlags, TypingMistakesAreAnswered) {
    try {
        check_benchmark_flags({"--benchmark_fitler=x"});
        FAIL();
    } catch (const BenchmarkFlagError& error) {
        EXPECT_NE(std::string(error.what()).find("--benchmark_filter"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace stele::google_benchmark_test
