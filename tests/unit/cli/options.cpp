// The command line: read as docs/cli.md says, refused with one message; and that page and the options agree.
#include "harness/cli/options.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <sstream>

#include "harness/base/exit_code.hpp"
#include "harness/cli/manual.hpp"

namespace stele {
namespace {

std::string refusal(const std::vector<std::string>& arguments) {
    try {
        parse_command_line(arguments);
    } catch (const CommandError& error) {
        EXPECT_EQ(error.exit_code(), exit_usage);
        return error.what();
    }
    return "";
}

TEST(CommandLine, Bench) {
    const Options options =
        parse_command_line({"bench", "gemm/*", "--device", "opencl:0", "--device=cuda:*", "--out", "x.json",
                            "--benchmark_out=y.json", "--cache", "warm", "--regime", "sustained", "--seed",
                            "18446744073709551615", "--time", "0.25", "--fill", "zeros"});
    const auto& bench = std::get<BenchOptions>(options);
    EXPECT_EQ(bench.selection.globs, std::vector<std::string>{"gemm/*"});
    EXPECT_EQ(bench.selection.devices, (std::vector<std::string>{"opencl:0", "cuda:*"}));
    EXPECT_EQ(bench.selection.suite, "quick");
    EXPECT_EQ(bench.out, "x.json");
    EXPECT_EQ(bench.benchmark_flags, (std::vector<std::string>{"--benchmark_out=y.json"}));
    EXPECT_EQ(bench.cache, CacheMode::warm);
    EXPECT_EQ(bench.regime, Regime::sustained);
    EXPECT_EQ(bench.operands.seed, 18446744073709551615u);
    EXPECT_EQ(bench.operands.fill, Fill::zeros);
    EXPECT_EQ(bench.cell_seconds, 0.25);
    EXPECT_EQ(bench.command_line.size(), 18u);
}

TEST(CommandLine, AnOptionTakesOneValueSoThatGlobsMayFollow) {
    const Options options =
        parse_command_line({"verify", "--device", "opencl:0", "--problem", "m=1 n=1 k=1", "gemm", "attention"});
    const auto& verify = std::get<VerifyOptions>(options);
    EXPECT_EQ(verify.selection.globs, (std::vector<std::string>{"gemm", "attention"}));
    EXPECT_EQ(verify.selection.devices.size(), 1u);
    EXPECT_EQ(verify.selection.problems, (std::vector<std::string>{"m=1 n=1 k=1"}));
}

TEST(CommandLine, RunAndReport) {
    const Options running =
        parse_command_line({"run", "gemm/naive.host", "--problem", "m=1 n=2 k=3 f32", "--dump", "d"});
    EXPECT_EQ(std::get<RunOptions>(running).variant, "gemm/naive.host");
    EXPECT_EQ(std::get<RunOptions>(running).dump, "d");
    const Options reporting = parse_command_line({"report", "a.json", "b.json", "--format", "markdown"});
    EXPECT_EQ(std::get<ReportOptions>(reporting).files.size(), 2u);
    EXPECT_EQ(std::get<ReportOptions>(reporting).format, ReportFormat::markdown);
}

TEST(CommandLine, ReadsTimesWithUnits) {
    const auto seconds = [](const std::string& text) {
        return std::get<TuneCommandOptions>(parse_command_line({"tune", "--budget", text})).budget_seconds;
    };
    EXPECT_EQ(seconds("90"), 90);
    EXPECT_EQ(seconds("90s"), 90);
    EXPECT_EQ(seconds("10m"), 600);
    EXPECT_EQ(seconds("1.5h"), 5400);
}

TEST(CommandLine, SaysWhatIsWrongAndWhatIsNear) {
    const auto expect = [](const std::vector<std::string>& arguments, const std::string& part) {
        const std::string message = refusal(arguments);
        EXPECT_NE(message.find(part), std::string::npos) << "got: " << message;
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    };
    expect({}, "no command given");
    expect({"bnech"}, "unknown command 'bnech'; did you mean 'bench'?");
    expect({"bench", "--devise", "x"}, "unknown option '--devise'; did you mean '--device'?");
    expect({"--verison"}, "did you mean '--version'?");
    expect({"bench", "--suite", "quik"}, "'quik' is not one of quick, full, cpu; did you mean 'quick'?");
    expect({"bench", "--cache", "lukewarm"}, "--cache: 'lukewarm' is not one of cold, warm");
    for (const char* seed : {"-1", "many", "1.5", "18446744073709551616", ""})
        expect({"bench", "--seed", seed}, fmt::format("'{}' is not a whole number", seed));
    expect({"bench", "--time", "0"}, "'0' is not a number of seconds");
    expect({"bench", "--time", "nan"}, "'nan' is not a number of seconds");
    expect({"bench", "--no-tuning", "--tuning", "x"}, "excludes");
    for (const char* time : {"", "0s", "-1m", "10x", "m", "1e3s", "9999h"})
        expect({"tune", "--budget", time}, fmt::format("'{}' is not a time", time));
    expect({"bench", "--out"}, "--out");
    expect({"explain", "a", "b"}, "an argument too many");
    expect({"devices", "x"}, "an argument too many");
    expect({"verify", "--benchmark_out=x"}, "unknown option '--benchmark_out'");
    expect({"run", "gemm/naive.host"}, "--problem is required");
    expect({"run", "--problem", "m=1"}, "variant is required");
    expect({"report"}, "files is required");
    expect({"report", "x", "--format", "xml"}, "'xml' is not one of console, markdown, json");
}

/// The options of each "## stele X" section, as `- `--name …`` starts a line; "" is the part before the first section.
std::map<std::string, std::vector<std::string>> documented_options() {
    std::map<std::string, std::vector<std::string>> found;
    std::istringstream lines{std::string(manual())};
    std::string section;
    const std::regex heading("## stele ([a-z]+)"), option("- `(--[a-z_-]+)[^`]*`.*");
    for (std::string line; std::getline(lines, line);) {
        std::smatch match;
        if (std::regex_match(line, match, heading)) {
            section = match[1];
            found[section];
        } else if (std::regex_match(line, match, option)) {
            found[section].push_back(match[1]);
        }
    }
    return found;
}

TEST(Manual, HasEveryOptionAndNoOther) {
    auto documented = documented_options();
    auto real = option_names();
    ASSERT_GE(real.size(), 7u);
    for (auto* table : {&documented, &real})
        for (auto& [command, options] : *table) std::sort(options.begin(), options.end());
    EXPECT_EQ(documented, real);
}

TEST(Manual, HelpIsTheSection) {
    const auto help = [](const std::vector<std::string>& arguments) {
        return std::get<ShowText>(parse_command_line(arguments)).text;
    };
    for (const auto& [command, options] : option_names()) {
        const std::string text = command.empty() ? help({"--help"}) : help({command, "--help"});
        for (const std::string& option : options)
            EXPECT_NE(text.find(option), std::string::npos) << command << " " << option;
        EXPECT_EQ(text.find('`'), std::string::npos) << text;
        EXPECT_EQ(text.find("\n## "), std::string::npos) << text;
        EXPECT_TRUE(text.starts_with("stele" + (command.empty() ? "" : " " + command) + "\n")) << text;
    }
    EXPECT_EQ(help({"bench", "-h"}), help({"bench", "--help"}));
}

}  // namespace
}  // namespace stele
