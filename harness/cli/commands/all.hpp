// The commands. Each returns its exit code, writes its result to stdout, and throws CommandError, RegistryError,
// ProblemError, ReportError, BenchmarkFlagError or DeviceError with one message for people.
#pragma once

#include "harness/cli/options.hpp"

namespace stele {

int run_command(const ShowText& options);
int run_command(const DevicesOptions& options);
int run_command(const ListOptions& options);
int run_command(const VerifyOptions& options);
int run_command(const BenchOptions& options);
int run_command(const RunOptions& options);
int run_command(const ReportOptions& options);
int run_command(const ExplainOptions& options);
int run_command(const TuneCommandOptions& options);

}  // namespace stele
