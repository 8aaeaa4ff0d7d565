// Hands a finished report to Google Benchmark, so that its flags, JSON and CSV serve those who read them already.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "harness/measurement.hpp"

namespace stele {

/// A --benchmark_* flag that does not exist, or a value it cannot have. Exit code 2.
class BenchmarkFlagError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// True for arguments that start with "--benchmark_".
bool is_benchmark_flag(std::string_view argument);

/// Throws BenchmarkFlagError: unknown flag, missing or bad value, a regular expression that does not compile, an output
/// file that cannot be written. Google Benchmark itself ends the process with exit code 0 on most of these, so this is
/// to be called before anything is measured.
void check_benchmark_flags(const std::vector<std::string>& flags);

/// Replays the report through Google Benchmark: each measured cell is a benchmark with manual time, repetition r being
/// the median of round r's samples, with counters for the rates and the error. Writes where --benchmark_out says;
/// prints only if no --benchmark_out is given, or --benchmark_format or --benchmark_list_tests asks for it.
/// Returns the number of benchmarks that the filter kept. Throws as check_benchmark_flags() does.
std::size_t write_google_benchmark(const Report& report, const std::vector<std::string>& flags);

}  // namespace stele
