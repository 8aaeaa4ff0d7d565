// Another process, and a channel to it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "harness/base/channel.hpp"

namespace stele {

/// What a process ended with.
struct Ended {
    int code = 0;    ///< where it exited
    int signal = 0;  ///< that ended it; 0: none

    /// "Segmentation fault (signal 11)", "exit(3)".
    std::string words() const;
};

/// In a process group of its own, so that what is typed at the terminal reaches only us; with an empty standard input,
/// and with our standard error, or a file, in the place of both its outputs. Killed with everything that it started
/// when its owner goes, also when we are killed.
class Child {
public:
    /// The descriptor at which the child finds its end of the channel.
    static constexpr int channel_number = 3;

    /// Runs `words[0]`, a path, with the rest as arguments; what it prints goes to the file `output`, where one is
    /// named. Throws std::runtime_error if it cannot be started.
    explicit Child(const std::vector<std::string>& words, const std::string& output = "");
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    Channel& channel() { return channel_; }
    /// Resident memory, in bytes; 0 where it is not known.
    std::size_t resident_bytes() const;
    /// Waits for its end; kills it, and what it has started, unless it ends by itself within `grace`.
    Ended end(std::chrono::milliseconds grace = {});

private:
    Channel channel_;
    pid_t process_ = 0;
    bool reaped_ = false;
    Ended ended_;
};

/// For the child, before anything else: to be killed when its parent ends.
void end_with_parent();

}  // namespace stele
