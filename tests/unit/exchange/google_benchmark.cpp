#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
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

/// Two timed cells, one of them with two samples in a pass and a pass in a second round; one wrong, one skipped.
Report report() {
    Report out;
    out.environment.revision = "abc";
    Measurement fast = measurement("gemm/fast.cuda", Outcome::passed);
    fast.timing = Timing{};
    fast.timing->samples_ns = {100, 300, 400};
    fast.timing->pass = {0, 0, 0};
    fast.timing->round = {0, 0, 1};
    fast.timing->passes = 1;
    fast.timing->rounds = 2;
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
    ASSERT_EQ(fast.size(), 2u);
    EXPECT_NEAR(fast[0], 200, 1e-6);
    EXPECT_NEAR(fast[1], 400, 1e-6);
    EXPECT_EQ(errors, std::vector<std::string>{"wrong: C is zero"});
    EXPECT_EQ(json["context"]["stele_revision"], "abc");
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

TEST_F(ReplayTest, TheFilterSelects) {
    const nlohmann::json json = replay({"--benchmark_filter=slow"});
    for (const auto& run : json["benchmarks"])
        EXPECT_NE(run["name"].get<std::string>().find("slow"), std::string::npos);
    EXPECT_FALSE(json["benchmarks"].empty());
}

TEST_F(ReplayTest, AFilterThatMatchesNothingIsAnErrorAndWritesNothing) {
    EXPECT_THROW(replay({"--benchmark_filter=nothing_is_called_this"}), BenchmarkFlagError);
    testing::internal::GetCapturedStdout();
    EXPECT_FALSE(fs::exists(path));
}

TEST_F(ReplayTest, FlagsAboutSamplingHaveNoEffect) {
    const nlohmann::json json = replay({"--benchmark_filter=fast", "--benchmark_repetitions=7",
                                        "--benchmark_min_warmup_time=1", "--benchmark_min_time=2"});
    int iterations = 0;
    for (const auto& run : json["benchmarks"]) iterations += run["run_type"] == "iteration";
    EXPECT_EQ(iterations, 2);
}

TEST(BenchmarkFlags, BadOnesAreErrorsOfOurs) {
    for (const char* flag : {"--benchmark_filter=(", "--benchmark_filter=[", "--benchmark_out",
                             "--benchmark_out=", "--benchmark_format=xml", "--benchmark_out_format=yaml",
                             "--benchmark_repetitions=0", "--benchmark_repetitions=many", "--benchmark_min_time=fast",
                             "--benchmark_min_time=-1", "--benchmark_time_unit=h", "--benchmark_list_tests=perhaps",
                             "--benchmark_context=novalue", "--benchmark_fitler=x", "--benchmark_"})
        EXPECT_THROW(check_benchmark_flags({flag}), BenchmarkFlagError) << flag;
}

TEST(BenchmarkFlags, GoodOnesPass) {
    for (const char* flag : {"--benchmark_filter=gemm.*(cuda|ptx)", "--benchmark_filter=-slow", "--benchmark_filter=",
                             "--benchmark_format=csv", "--benchmark_repetitions=3", "--benchmark_min_time=0.5",
                             "--benchmark_time_unit=us", "--benchmark_list_tests", "--benchmark_list_tests=true",
                             "--benchmark_context=a=b,c=d", "--benchmark_color=auto", "--benchmark_perf_counters="})
        EXPECT_NO_THROW(check_benchmark_flags({flag})) << flag;
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
