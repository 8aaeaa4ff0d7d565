// The command line: what each command was asked to do.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "harness/record/measurement.hpp"
#include "harness/study/ratio.hpp"

namespace stele {

struct DevicesOptions {
    bool json = false;
};

struct ListOptions {
    std::string glob;  ///< empty: all
    bool json = false;
    bool suites = false;
    bool matrix = false;
};

/// Which variants, on which problems and devices.
struct Selection {
    std::vector<std::string> globs;     ///< empty: all
    std::vector<std::string> devices;   ///< ids, backends or globs; empty: all
    std::vector<std::string> problems;  ///< texts; empty: the suite
    std::string suite;
};

struct Operands {
    Fill fill = Fill::normal;
    std::uint64_t seed = 1;
};

struct VerifyOptions {
    Selection selection{.globs = {}, .devices = {}, .problems = {}, .suite = "smoke"};
    Operands operands;
    bool verbose = false;
};

struct BenchOptions {
    Selection selection{.globs = {}, .devices = {}, .problems = {}, .suite = "quick"};
    Operands operands;
    std::string out;  ///< empty: below results/
    bool profile = false;
    CacheMode cache = CacheMode::cold;
    Regime regime = Regime::burst;
    double cell_seconds = 0.5;
    bool use_tuning = true;
    std::string tuning;                        ///< folder of tuning files; empty: results/tuning, if it is there
    std::vector<std::string> benchmark_flags;  ///< Google Benchmark's own
    std::vector<std::string> command_line;     ///< as given, for the report
};

struct RunOptions {
    std::string variant, problem, device, inputs, dump;
    Operands operands;
};

enum class ReportFormat { console, markdown, json };
constexpr auto name_list(ReportFormat) {
    return name_rows<ReportFormat>(
        {{ReportFormat::console, "console"}, {ReportFormat::markdown, "markdown"}, {ReportFormat::json, "json"}});
}

struct ReportOptions {
    std::vector<std::string> files;
    ReportFormat format = ReportFormat::console;
    std::vector<std::string> problems;  ///< globs; empty: all
    std::vector<RatioPair> ratios;      ///< instead of the tables: these variants against each other
};

/// --help and --version: text for stdout.
struct ShowText {
    std::string text;
};

struct ExplainOptions {
    std::string glob;                        ///< empty: all
    std::vector<std::string> architectures;  ///< "sm_90a", "cpu"; empty: those two
    std::string problem;                     ///< empty: one of each dtype
    ReportFormat format = ReportFormat::console;
    std::string save, against;  ///< baselines
    std::string source;         ///< empty: the tree that the binary was built from
};

struct TuneCommandOptions {
    Selection selection{.globs = {}, .devices = {}, .problems = {}, .suite = "quick"};
    double budget_seconds = 600;
    std::uint64_t seed = 1;
    std::string out;     ///< empty: below results/tuning/
    bool again = false;  ///< forget what is there
};

using Options = std::variant<ShowText, DevicesOptions, ListOptions, VerifyOptions, BenchOptions, RunOptions,
                             ReportOptions, ExplainOptions, TuneCommandOptions>;

/// `arguments` without the program's name. Throws CommandError (exit_usage) with one message for people.
Options parse_command_line(const std::vector<std::string>& arguments);

/// The long options of each command, "" being those before a command. docs/cli.md must have exactly these.
std::map<std::string, std::vector<std::string>> option_names();

}  // namespace stele
