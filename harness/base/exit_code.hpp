// How a command ends: its exit code, and the error that carries one with a message for people.
#pragma once

#include <stdexcept>
#include <string>

namespace stele {

enum ExitCode : int {
    exit_fine = 0,
    exit_worse = 1,          ///< a gate found something worse than its baseline
    exit_usage = 2,          ///< wrong usage, or input that cannot be read
    exit_wrong = 4,          ///< a cell is wrong, impossible, in error, or timed out
    exit_nothing = 5,        ///< nothing ran, or the glob matches nothing
    exit_interrupted = 130,  ///< Ctrl-C; what was measured is kept
};

/// Ends a command with `exit_code()`; `what()` is one clear message for stderr.
class CommandError : public std::runtime_error {
public:
    CommandError(int exit_code, const std::string& message) : std::runtime_error(message), exit_code_(exit_code) {}
    int exit_code() const { return exit_code_; }

private:
    int exit_code_;
};

}  // namespace stele
