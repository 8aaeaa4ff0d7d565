// One line on a terminal that says what is being done; nothing when stderr is piped, or is a terminal without escapes.
#pragma once

#include <chrono>
#include <string>

namespace stele {

class Progress {
public:
    /// Looks at stderr.
    Progress();
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Replaces the line, at most ten times a second.
    void show(const std::string& line);
    /// Takes the line away.
    void clear();

private:
    bool terminal_;
    bool shown_ = false;
    std::chrono::steady_clock::time_point next_{};
};

}  // namespace stele
