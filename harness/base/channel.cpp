#include "harness/base/channel.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace stele {
namespace {

/// Room for one file descriptor beside the data.
union Control {
    cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

}  // namespace

bool Channel::send(std::string_view line, int file) {
    std::string text(line);
    text += '\n';
    for (std::size_t sent = 0; sent < text.size();) {
        iovec data{text.data() + sent, text.size() - sent};
        msghdr message{};
        message.msg_iov = &data;
        message.msg_iovlen = 1;
        Control control{};
        if (file >= 0) {
            message.msg_control = control.bytes;
            message.msg_controllen = sizeof control.bytes;
            cmsghdr* header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(sizeof file);
            std::memcpy(CMSG_DATA(header), &file, sizeof file);
        }
        const ssize_t count = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        sent += static_cast<std::size_t>(count);
        file = -1;
    }
    return true;
}

bool Channel::receive() {
    char bytes[65536];
    iovec data{bytes, sizeof bytes};
    msghdr message{};
    Control control{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    ssize_t count = 0;
    do count = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    while (count < 0 && errno == EINTR);
    if (count <= 0) return false;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        int file = -1;
        std::memcpy(&file, CMSG_DATA(header), sizeof file);
        file_ = Descriptor(file);
    }
    buffer_.append(bytes, static_cast<std::size_t>(count));
    return true;
}

bool Channel::next_line(std::string& line) {
    const std::size_t end = buffer_.find('\n', searched_);
    searched_ = end == buffer_.npos ? buffer_.size() : 0;
    if (end == buffer_.npos) return false;
    line.assign(buffer_, 0, end);
    buffer_.erase(0, end + 1);
    return true;
}

bool Channel::pending() {
    if (!buffer_.empty()) return true;
    pollfd wait{socket_.get(), POLLIN, 0};
    return ::poll(&wait, 1, 0) > 0;
}

Channel::Heard Channel::hear(std::string& line, Clock::time_point until) {
    while (!next_line(line)) {
        if (buffer_.size() > most_line_bytes) return Heard::flood;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
        pollfd wait{socket_.get(), POLLIN, 0};
        const int ready = ::poll(&wait, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX)));
        if (ready <= 0) return Heard::silence;
        if (!receive()) return Heard::closed;
    }
    return Heard::line;
}

}  // namespace stele
