// Lines between two processes, each with an open file beside it where one is sent.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "harness/base/descriptor.hpp"

namespace stele {

/// One end of a stream socket. The other end may be anybody's, so a line has a largest length.
class Channel {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t most_line_bytes = std::size_t{64} << 20;

    explicit Channel(Descriptor socket) : socket_(std::move(socket)) {}

    /// Sends a line, which holds no line feed, and a copy of `file` with it. False where the other end is closed.
    bool send(std::string_view line, int file = -1);

    enum class Heard {
        line,
        silence,  ///< nothing until then, or a signal came
        closed,   ///< by the other end
        flood,    ///< a line is longer than any that is sent
    };
    /// The next line. Waits until `until` at the longest.
    Heard hear(std::string& line, Clock::time_point until);
    /// The file that came with the last lines, once.
    Descriptor take_file() { return std::exchange(file_, Descriptor()); }
    /// True where something can be heard at once, an end too.
    bool pending();

private:
    bool receive();
    bool next_line(std::string& line);

    Descriptor socket_, file_;
    std::string buffer_;
    std::size_t searched_ = 0;  ///< of the buffer: no line feed before
};

}  // namespace stele
