// Hands a finished report to Google Benchmark, so that its flags, JSON and CSV serve those who read them already.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/error.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

/// A --benchmark_* flag that does not exist, or a value it cannot have.
class BenchmarkFlagError : public BadInput {
public:
    using BadInput::BadInput;
};

/// Throws BenchmarkFlagError: unknown flag, missing or bad value, a regular expression that does not compile; and
/// CannotWrite where the output file cannot be written. Google Benchmark itself ends the process on
/// most of these, so this is to be asked before anything is measured.
void check_benchmark_flags(const std::vector<std::string>& flags);

/// What --benchmark_out names. Throws as check_benchmark_flags() does.
std::optional<std::string> benchmark_output(const std::vector<std::string>& flags);

/// Replays the report through Google Benchmark: each timed cell is a benchmark "variant/problem/device" with manual
/// time and one iteration a repetition, repetition r being the median of pass r's samples, with counters for the rates
/// and the error; a cell that failed is there with its error, a skipped one is not. Names hold nothing that differs
/// from run to run, so that Google Benchmark's compare.py finds the rows of two. Flags that ask for another number or
/// order of runs (--benchmark_repetitions, --benchmark_min_time, …) have no effect: the sampler has decided them.
/// Writes --benchmark_out whole or not at all; prints only if there is none, or --benchmark_format or
/// --benchmark_list_tests asks for it. Returns the number of benchmarks that --benchmark_filter kept; throws
/// BenchmarkFlagError if it kept none.
std::size_t write_google_benchmark(const Report& report, const std::vector<std::string>& flags);

}  // namespace stele
