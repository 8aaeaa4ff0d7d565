#include "harness/base/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"

namespace stele {
namespace {

/// The signal of a person that ended a program, or one that it ran in turn; 0 if none did. A shell tells by its status,
/// a driver of compilers in words: "'ptxas' died due to signal 2" and "Terminated" (nvcc), "unable to execute command:
/// Interrupt" (clang).
int ended_by(const ProcessResult& result) {
    if (result.status == 0) return 0;
    for (const int ender : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
        if (result.status == 128 + ender) return ender;
        std::istringstream lines(result.errors);
        for (std::string line; std::getline(lines, line);) {
            while (line.ends_with(' ')) line.pop_back();
            if (line.ends_with(fmt::format(" due to signal {}", ender)) ||
                line.ends_with(fmt::format(": {}", strsignal(ender))))
                return ender;
        }
    }
    return 0;
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& words) {
    // Output goes to files, not pipes: a program that fills one pipe while we read the other would wait for ever.
    const TemporaryFolder folder;
    const std::string output = folder.path() / "output", errors = folder.path() / "errors";

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_t child = 0;
    const int failed = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed) throw Failed(fmt::format("cannot start {}: {}", words.at(0), std::strerror(failed)));

    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    ProcessResult result;
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    result.output = read_input(output);
    result.errors = read_input(errors);
    // It was not the program that failed; somebody wants all of this to end.
    if (const int ender = ended_by(result))
        throw Interrupted(fmt::format("{} was ended by signal {} ({})", words.at(0), ender, strsignal(ender)));
    return result;
}

std::optional<std::filesystem::path> find_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::istringstream folders(path ? path : "");
    for (std::string folder; std::getline(folders, folder, ':');) {
        auto candidate = std::filesystem::path(folder) / name;
        if (access(candidate.c_str(), X_OK) == 0 && !std::filesystem::is_directory(candidate)) return candidate;
    }
    return std::nullopt;
}

}  // namespace stele
