#include "harness/exchange/google_benchmark.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/regex.hpp"
#include "harness/base/statistics.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/record/cell_key.hpp"

namespace stele {
namespace {

enum class Value { truth, number, whole, regex, file, format, unit, color, pairs, text };

/// A flag of Google Benchmark 1.7. `samples`: it asks for another number or order of runs, which Stele's sampler has
/// decided already; it is checked, and has no effect.
struct Flag {
    std::string_view name;
    Value value;
    bool samples = false;
};
constexpr std::array flags_known{
    Flag{"benchmark_color", Value::color},
    Flag{"benchmark_context", Value::pairs},
    Flag{"benchmark_counters_tabular", Value::truth},
    Flag{"benchmark_display_aggregates_only", Value::truth},
    Flag{"benchmark_enable_random_interleaving", Value::truth, true},
    Flag{"benchmark_filter", Value::regex},
    Flag{"benchmark_format", Value::format},
    Flag{"benchmark_list_tests", Value::truth},
    Flag{"benchmark_min_time", Value::number, true},
    Flag{"benchmark_min_warmup_time", Value::number, true},
    Flag{"benchmark_out", Value::file},
    Flag{"benchmark_out_format", Value::format},
    Flag{"benchmark_perf_counters", Value::text, true},
    Flag{"benchmark_repetitions", Value::whole, true},
    Flag{"benchmark_report_aggregates_only", Value::truth},
    Flag{"benchmark_time_unit", Value::unit},
};

/// --benchmark_filter as Google Benchmark means it, by a matcher that no expression can keep busy.
class Filter {
public:
    explicit Filter(const std::string& text)
        : turned_(text.starts_with('-')), regex_(text == "all" ? "" : std::string_view(text).substr(turned_ ? 1 : 0)) {}
    bool keeps(std::string_view name) const { return regex_.found_in(name) != turned_; }

private:
    bool turned_;  ///< by a leading '-'
    Regex regex_;
};

struct Parsed {
    const Flag* flag;
    std::optional<std::string> value;  ///< nothing for "--benchmark_list_tests" without '='
};

bool one_of(const std::string& value, std::initializer_list<std::string_view> accepted) {
    return std::find(accepted.begin(), accepted.end(), value) != accepted.end();
}

/// "" if `value` is one, else what is accepted.
std::string why_not(Value kind, const std::string& value) {
    const char* end = value.data() + value.size();
    switch (kind) {
        case Value::truth:
            return one_of(value, {"true", "false", "yes", "no", "on", "off", "1", "0"}) ? "" : "true or false";
        case Value::color:
            return one_of(value, {"auto", "true", "false", "yes", "no", "on", "off", "1", "0"}) ? ""
                                                                                                : "auto, true or false";
        case Value::format:
            return one_of(value, {"console", "json", "csv"}) ? "" : "console, json or csv";
        case Value::unit:
            return one_of(value, {"ns", "us", "ms", "s"}) ? "" : "ns, us, ms or s";
        case Value::number: {
            double number = 0;
            const auto [stopped, error] = std::from_chars(value.data(), end, number);
            return error == std::errc{} && stopped == end && number >= 0 ? "" : "a number of seconds";
        }
        case Value::whole: {
            int number = 0;
            const auto [stopped, error] = std::from_chars(value.data(), end, number);
            return error == std::errc{} && stopped == end && number >= 1 ? "" : "a whole number from 1 on";
        }
        case Value::regex:
            try {
                static_cast<void>(Filter{value});
                return "";
            } catch (const BadInput& error) {
                return fmt::format("a regular expression: {}", error.what());
            }
        case Value::pairs: {
            static const Regex pairs("^[^=,]+=[^=,]*(,[^=,]+=[^=,]*)*$");
            return pairs.found_in(value) ? "" : "key=value,key=value";
        }
        case Value::file:
            return value.empty() ? "a file's path" : "";
        case Value::text:
            return "";
    }
    throw std::logic_error("unknown kind of flag");
}

Parsed parse(const std::string& argument) {
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const auto flag = std::find_if(flags_known.begin(), flags_known.end(),
                                   [&](const Flag& known) { return name == fmt::format("--{}", known.name); });
    if (flag == flags_known.end()) {
        std::vector<std::string> names;
        for (const Flag& known : flags_known) names.push_back(fmt::format("--{}", known.name));
        const std::vector<std::string> near = nearest(name, names);
        throw BenchmarkFlagError(
            fmt::format("Google Benchmark has no flag {}{}", name,
                        near.empty() ? "" : fmt::format("; did you mean {}?", fmt::join(near, ", "))));
    }
    Parsed out{&*flag, std::nullopt};
    if (equals != std::string::npos) out.value = argument.substr(equals + 1);
    if (!out.value && flag->value != Value::truth)
        throw BenchmarkFlagError(fmt::format("{0} wants a value: {0}=VALUE", name));
    if (const std::string accepted = out.value ? why_not(flag->value, *out.value) : ""; !accepted.empty())
        throw BenchmarkFlagError(fmt::format("{}: '{}' is not {}", name, *out.value, accepted));
    return out;
}

/// The value of a flag that is on the command line; the last one counts.
std::optional<std::string> value_of(const std::vector<std::string>& flags, std::string_view name) {
    std::optional<std::string> out;
    for (const std::string& argument : flags)
        if (const Parsed parsed = parse(argument); parsed.flag->name == name) out = parsed.value.value_or("true");
    return out;
}

/// Prints nothing: the report has its own tables.
class SilentReporter : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>&) override {}
};

/// Writes runs as another does, under names that hold what identifies a cell. Google Benchmark would add how many
/// repetitions there were, which a sampler decides anew in each run, so that two runs had no name in common.
class IdentityReporter : public benchmark::BenchmarkReporter {
public:
    /// `inner` outlives this.
    explicit IdentityReporter(benchmark::BenchmarkReporter& inner) : inner_(inner) {}
    bool ReportContext(const Context& context) override {
        inner_.SetOutputStream(&GetOutputStream());
        inner_.SetErrorStream(&GetErrorStream());
        return inner_.ReportContext(context);
    }
    void ReportRuns(const std::vector<Run>& runs) override {
        std::vector<Run> named = runs;
        for (Run& run : named) {
            run.run_name.iterations.clear();
            run.run_name.repetitions.clear();
        }
        inner_.ReportRuns(named);
    }
    void Finalize() override { inner_.Finalize(); }

private:
    benchmark::BenchmarkReporter& inner_;
};

BENCHMARK_DISABLE_DEPRECATED_WARNING
std::unique_ptr<benchmark::BenchmarkReporter> file_reporter(const std::string& format) {
    if (format == "console") return std::make_unique<benchmark::ConsoleReporter>(benchmark::ConsoleReporter::OO_None);
    if (format == "csv") return std::make_unique<benchmark::CSVReporter>();
    return std::make_unique<benchmark::JSONReporter>();
}
BENCHMARK_RESTORE_DEPRECATED_WARNING

/// What --benchmark_out names appears whole or not at all: Google Benchmark, which tells nobody of a full disk, writes
/// to memory.
class OutputFile {
public:
    explicit OutputFile(std::optional<std::string> path) : path_(std::move(path)) {
        if (!path_) return;
        memory_ = ::memfd_create("google-benchmark", MFD_CLOEXEC);
        if (memory_ < 0) throw CannotWrite(fmt::format("--benchmark_out: no memory file: {}", std::strerror(errno)));
        written_ = fmt::format("/proc/self/fd/{}", memory_);
    }
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;
    ~OutputFile() {
        if (memory_ >= 0) ::close(memory_);
    }
    /// What Google Benchmark is told to write.
    const std::string& written() const { return written_; }
    void keep() {
        if (path_) write_atomically(*path_, read_input(written_));
    }

private:
    std::optional<std::string> path_;
    std::string written_;
    int memory_ = -1;
};

std::vector<double> medians_of_passes(const Timing& timing) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<double>> passes;  // each round counts its own
    for (std::size_t i = 0; i < timing.samples_ns.size(); ++i)
        passes[{timing.round.at(i), timing.pass.at(i)}].push_back(timing.samples_ns[i]);
    std::vector<double> out;
    for (const auto& [when, samples] : passes) out.push_back(median(samples));
    return out;
}

void register_timed(const std::string& title, const Measurement& measurement, bool listing) {
    const std::vector<double> medians = medians_of_passes(*measurement.timing);
    auto replay = [measurement, medians, pass = std::size_t{0}](benchmark::State& state) mutable {
        const double seconds = medians[pass++ % medians.size()] * 1e-9;
        for (auto unused : state) {
            static_cast<void>(unused);
            state.SetIterationTime(seconds);
        }
        // Of a counter that is 0 in every repetition the coefficient of variation is NaN, which JSON cannot hold.
        const auto count = [&](const char* counter, double value) {
            if (value > 0) state.counters[counter] = value;
        };
        count("flops_per_second", measurement.flops / seconds);
        count("bytes_per_second", measurement.bytes / seconds);
        count("max_relative_error", measurement.verdict.max_relative);
    };
    auto* registered = benchmark::RegisterBenchmark(title.c_str(), replay)->UseManualTime();
    // A list is printed by no reporter; without these numbers its names have none.
    if (!listing) registered->Iterations(1)->Repetitions(static_cast<int>(medians.size()));
}

void register_failed(const std::string& title, const Verdict& verdict) {
    const std::string message = fmt::format("{}: {}", name(verdict.outcome), verdict.reason);
    benchmark::RegisterBenchmark(title.c_str(), [message](benchmark::State& state) {
        state.SkipWithError(message.c_str());
    })->UseManualTime();
}

void add_context(const Report& report) {
    benchmark::AddCustomContext("stele_revision", report.environment.revision);
    benchmark::AddCustomContext("stele_compiler", report.environment.host_compiler);
    for (const DeviceInfo& device : report.devices)
        benchmark::AddCustomContext("stele_device_" + device.id, device.name + ", " + device.driver);
    if (report.measurements.empty()) return;
    const Measurement& any = report.measurements.front();
    benchmark::AddCustomContext("stele_operands", fmt::format("{}, seed {}", name(any.fill), any.seed));
    benchmark::AddCustomContext("stele_regime", fmt::format("{}, {} cache", name(any.regime), name(any.cache)));
    benchmark::AddCustomContext("stele_complete", report.complete ? "true" : "false");
}

/// Google Benchmark reads its flags into globals, from an argv.
void initialize(const std::vector<std::string>& flags, const std::string& out) {
    static char program[] = "stele";  // Google Benchmark keeps the pointer for its reports
    std::vector<std::string> arguments;
    for (const std::string& argument : flags) {
        const Parsed parsed = parse(argument);
        if (!parsed.flag->samples && parsed.flag->name != "benchmark_out" && parsed.flag->name != "benchmark_filter")
            arguments.push_back(argument);
    }
    arguments.push_back("--benchmark_out=" + out);
    std::vector<char*> argv{program};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    int argc = static_cast<int>(argv.size());
    benchmark::Initialize(&argc, argv.data());
}

}  // namespace

void check_benchmark_flags(const std::vector<std::string>& flags) {
    for (const std::string& argument : flags) parse(argument);
    if (const auto out = value_of(flags, "benchmark_out")) check_writable(*out);
}

std::optional<std::string> benchmark_output(const std::vector<std::string>& flags) {
    return value_of(flags, "benchmark_out");
}

std::size_t write_google_benchmark(const Report& report, const std::vector<std::string>& flags) {
    check_benchmark_flags(flags);
    const auto out = value_of(flags, "benchmark_out");
    OutputFile file(out);
    initialize(flags, file.written());
    add_context(report);
    const std::string filter_text = value_of(flags, "benchmark_filter").value_or("");
    const Filter filter(filter_text);
    const std::string listed = value_of(flags, "benchmark_list_tests").value_or("false");
    const bool listing = one_of(listed, {"true", "yes", "on", "1"});
    for (const Measurement& measurement : report.measurements) {
        const std::string title = cell_path(measurement);
        if (!filter.keeps(title)) continue;
        if (measurement.timing)
            register_timed(title, measurement, listing);
        else if (is_failure(measurement.verdict.outcome))
            register_failed(title, measurement.verdict);
    }
    SilentReporter silent;
    const bool printing = !out || value_of(flags, "benchmark_format") || listing;
    IdentityReporter shown(*benchmark::CreateDefaultDisplayReporter());
    const auto of_file = file_reporter(value_of(flags, "benchmark_out_format").value_or("json"));
    IdentityReporter filed(*of_file);
    const std::size_t kept = benchmark::RunSpecifiedBenchmarks(
        printing ? static_cast<benchmark::BenchmarkReporter*>(&shown) : &silent, out ? &filed : nullptr);
    benchmark::ClearRegisteredBenchmarks();
    if (kept == 0) throw BenchmarkFlagError(fmt::format("no measured cell matches --benchmark_filter={}", filter_text));
    file.keep();
    return kept;
}

}  // namespace stele
