// The command line: read as the manual says, refused with one message.
#include "harness/cli/command_line.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <functional>

#include "harness/base/error.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/selection.hpp"

namespace stele::command_line_test {
namespace {

std::string refusal(const std::vector<std::string>& arguments) {
    try {
        parse_command_line(arguments);
    } catch (const BadInput& error) {
        return error.what();
    }
    return "";
}

/// Declares and reads, as a command's options are.
void read(const std::function<void(Arguments&)>& declare, const std::vector<std::string>& words) {
    CLI::App app;
    Arguments arguments(app);
    declare(arguments);
    std::vector<std::string> own;
    arguments.take_foreign(words, own);
    std::reverse(own.begin(), own.end());
    app.parse(own);
    arguments.check();
}

TEST(Arguments, SelectionAndOperands) {
    Selection selection;
    Operands operands;
    std::vector<std::string> foreign, line;
    read(
        [&](Arguments& arguments) {
            selection.declare(arguments, {"quick", "full"});
            operands.declare(arguments);
            arguments.foreign("--benchmark_", foreign);
            arguments.whole(line);
        },
        {"--device", "opencl:0", "--device=cuda:*", "--benchmark_out=y.json", "--seed", "18446744073709551615",
         "--fill", "zeros", "--problem", "m=1 n=1 k=1", "gemm", "attention"});
    EXPECT_EQ(selection.globs, (std::vector<std::string>{"gemm", "attention"}));
    EXPECT_EQ(selection.devices, (std::vector<std::string>{"opencl:0", "cuda:*"}));
    EXPECT_EQ(selection.problems, (std::vector<std::string>{"m=1 n=1 k=1"}));
    EXPECT_EQ(selection.suite, "quick");
    EXPECT_FALSE(selection.names_tiles());
    EXPECT_EQ(operands.seed, 18446744073709551615u);
    EXPECT_EQ(operands.fill, Fill::zeros);
    EXPECT_EQ(foreign, (std::vector<std::string>{"--benchmark_out=y.json"}));
    EXPECT_EQ(line.size(), 12u);
}

TEST(Arguments, ReadsTimesWithUnits) {
    const auto seconds = [](const std::string& text) {
        double value = 0;
        read([&](Arguments& arguments) { arguments.duration("--budget", value); }, {"--budget", text});
        return value;
    };
    EXPECT_EQ(seconds("90"), 90);
    EXPECT_EQ(seconds("90s"), 90);
    EXPECT_EQ(seconds("10m"), 600);
    EXPECT_EQ(seconds("1.5h"), 5400);
}

TEST(Arguments, ListsAndRepeats) {
    std::vector<std::string> list, ratios;
    read(
        [&](Arguments& arguments) {
            arguments.list("--arch", list);
            arguments.parsed("--ratio", [&](const std::string& text) { ratios.push_back(text); });
        },
        {"--arch", "sm_80,cpu", "--ratio", "a:b", "--ratio=c:d"});
    EXPECT_EQ(list, (std::vector<std::string>{"sm_80", "cpu"}));
    EXPECT_EQ(ratios, (std::vector<std::string>{"a:b", "c:d"}));
}

TEST(CommandLine, FindsTheCommand) {
    EXPECT_EQ(parse_command_line({"bench", "gemm", "--benchmark_out=y.json"})->name(), "bench");
    EXPECT_EQ(parse_command_line({"verify", "--suite", "edge"})->name(), "verify");
    EXPECT_EQ(parse_command_line({"report", "a.json", "b.json", "--format", "html"})->name(), "report");
    EXPECT_EQ(parse_command_line({"run", "gemm/naive.host", "--problem", "m=1 n=2 k=3 f32", "--dump", "d"})->name(),
              "run");
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
    for (const char* time : {"", "0s", "-1m", "10x", "m", "1e3s", "9999h"})
        expect({"tune", "--budget", time}, fmt::format("'{}' is not a time", time));
    expect({"bench", "--out"}, "--out");
    expect({"explain", "a", "b"}, "an argument too many");
    expect({"devices", "x"}, "an argument too many");
    expect({"verify", "--benchmark_out=x"}, "unknown option '--benchmark_out'");
    expect({"run", "gemm/naive.host"}, "--problem is required");
    expect({"run", "--problem", "m=1"}, "variant is required");
    expect({"report"}, "files is required");
    expect({"report", "x", "--format", "xml"}, "'xml' is not one of console, markdown, html, json");
    expect({"report", "x", "--ratio", "a"}, "is not two variants");
}

TEST(CommandLine, RefusesOptionsWithoutEffectByName) {
    const auto expect = [](const std::vector<std::string>& arguments, const std::string& first,
                           const std::string& second) {
        EXPECT_EQ(refusal(arguments), fmt::format("{} has no effect beside {}", first, second));
    };
    expect({"bench", "--no-tuning", "--tuning", "x"}, "--tuning", "--no-tuning");
    expect({"bench", "--suite", "full", "--problem", "m=1"}, "--suite", "--problem");
    for (const std::string option : {"--out", "--time"})
        expect({"bench", "--profile", option, "1"}, option, "--profile");
    expect({"bench", "--profile", "--all"}, "--all", "--profile");
    expect({"list", "--json", "--matrix"}, "--json", "--matrix");
    expect({"list", "gemm", "--suites"}, "glob", "--suites");
    expect({"run", "gemm/naive.host", "--problem", "m=1", "--inputs", "d", "--seed", "2"}, "--seed", "--inputs");
    expect({"explain", "--save", "x", "--against", "y"}, "--against", "--save");
    expect({"explain", "--save", "x", "--format", "json"}, "--format", "--save");
}

TEST(CommandLine, EmptyValuesAreRefused) {
    for (const auto& [command, option] : {std::pair{"bench", "--out"},
                                          {"bench", "--tuning"},
                                          {"tune", "--out"},
                                          {"run", "--dump"},
                                          {"run", "--inputs"},
                                          {"explain", "--save"},
                                          {"explain", "--against"}})
        EXPECT_NE(refusal({command, option, ""}).find("empty"), std::string::npos) << command << option;
}

TEST(CommandLine, LongArgumentsAreNotRepeated) {
    const std::string longest(200000, 'x');
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{longest},
                                                      {"bench", "--" + longest},
                                                      {"bench", "--suite", longest},
                                                      {"bench", "--seed", longest},
                                                      {"bench", "--time", longest},
                                                      {"tune", "--budget", longest}}) {
        const std::string message = refusal(arguments);
        EXPECT_FALSE(message.empty());
        EXPECT_LT(message.size(), 1000u);
    }
}

}  // namespace
}  // namespace stele::command_line_test
