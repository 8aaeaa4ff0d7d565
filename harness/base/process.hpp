// Runs another program and keeps what it printed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace stele {

struct ProcessResult {
    int status = 0;  ///< what it ended with; 128 and the signal where a signal ended it
    std::string output, errors;
};

/// Runs `words[0]` with the rest as arguments, no shell between. Throws Failed if it cannot be started, and Interrupted
/// if it, or a program that it ran and tells of, was ended by a signal that people send.
ProcessResult run_process(const std::vector<std::string>& words);

/// Full path of a program on PATH.
std::optional<std::filesystem::path> find_program(const std::string& name);

}  // namespace stele
