#include "harness/base/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace stele {
namespace {

std::array<Descriptor, 2> channel_ends() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        throw std::runtime_error(fmt::format("cannot make a channel to a worker process: {}", std::strerror(errno)));
    return {Descriptor(ends[0]), Descriptor(ends[1])};
}

pid_t start(const std::vector<std::string>& words, const std::string& output, int channel) {
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!output.empty())
        posix_spawn_file_actions_addopen(&files, STDERR_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, channel, Child::channel_number);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t usual;
    sigemptyset(&usual);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) sigaddset(&usual, number);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_t process = 0;
    const int failed = posix_spawn(&process, arguments[0], &files, &attributes, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    if (failed) throw std::runtime_error(fmt::format("cannot start {}: {}", words.at(0), std::strerror(failed)));
    return process;
}

}  // namespace

std::string Ended::words() const {
    return signal ? fmt::format("{} (signal {})", strsignal(signal), signal) : fmt::format("exit({})", code);
}

Child::Child(const std::vector<std::string>& words, const std::string& output) : channel_(Descriptor()) {
    auto [ours, theirs] = channel_ends();
    process_ = start(words, output, theirs.get());
    channel_ = Channel(std::move(ours));
}

Child::~Child() { end(); }

std::size_t Child::resident_bytes() const {
    std::ifstream file(fmt::format("/proc/{}/statm", process_));
    std::size_t all = 0, resident = 0;
    file >> all >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

Ended Child::end(std::chrono::milliseconds grace) {
    if (reaped_) return ended_;
    int status = 0;
    const auto until = Channel::Clock::now() + grace;
    while (::waitpid(process_, &status, WNOHANG) != process_) {
        if (Channel::Clock::now() < until) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            continue;
        }
        ::kill(-process_, SIGKILL);
        while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
        }
        break;
    }
    ::kill(-process_, SIGKILL);
    reaped_ = true;
    ended_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    ended_.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    return ended_;
}

void end_with_parent() {
    const pid_t parent = ::getppid();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // It may have ended before that.
    if (::getppid() != parent) ::_exit(0);
}

}  // namespace stele
