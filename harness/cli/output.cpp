#include "harness/cli/output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/visible.hpp"
#include "harness/record/report_json.hpp"

namespace stele {

namespace {

int first_error = 0;

void write_result(const std::string& out, std::string_view text) {
    if (out.empty() || is_standard_output(out))
        write_output(text);
    else
        write_atomically(out, text);
}

}  // namespace

void hold_standard_streams() {
    for (int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(number, F_GETFD) < 0 && errno == EBADF)
            ::open("/dev/null", number == STDIN_FILENO ? O_RDONLY : O_WRONLY);
}

void say(std::string_view message) noexcept try {
    const std::string text = "stele: " + message_text(message) + '\n';
    std::string_view rest = text;
    while (!rest.empty()) {
        const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
} catch (...) {
}

void write_output(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() && first_error == 0) first_error = errno;
}

void show(const Document& document, DrawnAs format, const std::string& out) {
    const std::size_t columns = out.empty() ? terminal_columns(STDOUT_FILENO) : 0;
    write_result(out, drawn(document, format, columns == 0 ? 120 : std::clamp<std::size_t>(columns, 40, 120)));
}

void show_line(std::string_view line) {
    write_output(message_text(line) + '\n');
    std::fflush(stdout);
}

void show_json(const nlohmann::ordered_json& json, const std::string& out) {
    std::string text = dump(json);
    // JSON itself escapes what lies below a blank; visible() writes all else as JSON does, but for this one.
    for (std::size_t at = 0; (at = text.find('\x7f', at)) != std::string::npos;) text.replace(at, 1, "\\u007f");
    write_result(out, visible(text, true));
}

void flush_output() {
    errno = 0;
    const bool failed = std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
    if (first_error == 0) first_error = errno;
    if (failed && first_error != EPIPE)
        throw CannotWrite(fmt::format("cannot write to stdout: {}", std::strerror(first_error)));
}

std::size_t terminal_columns(int descriptor) {
    winsize size{};
    if (::isatty(descriptor) != 1) return 0;
    return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

bool stderr_takes_escapes() {
    const char* term = std::getenv("TERM");
    return ::isatty(STDERR_FILENO) == 1 && term && *term && std::string_view(term) != "dumb";
}

}  // namespace stele
