// What happened, as what the process ends with: the one place that maps one to the other.
#pragma once

#include <exception>
#include <string>
#include <vector>

#include "harness/cli/exit_code.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

struct Ending {
    ExitCode code;
    std::string message;  ///< for people
};

/// By the error's kind.
Ending outcome_of(const std::exception_ptr& error);

/// exit_interrupted, exit_wrong, or exit_fine. Throws NothingFound as fail_nothing_ran() does.
ExitCode outcome_of(const std::vector<Measurement>& measurements, bool complete);

/// Ends a run in which nothing passed: NothingFound with the first reasons.
[[noreturn]] void fail_nothing_ran(const std::vector<Measurement>& measurements);

/// "12 passed, 3 skipped": outcomes with their counts.
std::string count_outcomes(const std::vector<Measurement>& measurements);

}  // namespace stele
