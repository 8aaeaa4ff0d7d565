#include "harness/cli/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "harness/base/visible.hpp"
#include "harness/cli/output.hpp"
#include "harness/draw/table.hpp"

namespace stele {

Progress::Progress() : terminal_(stderr_takes_escapes()) {}

Progress::~Progress() { clear(); }

void Progress::show(const std::string& line) {
    const auto now = std::chrono::steady_clock::now();
    if (!terminal_ || now < next_) return;
    next_ = now + std::chrono::milliseconds(100);
    // Cut to the terminal: a line that wraps cannot be replaced.
    const std::size_t columns = std::max<std::size_t>(terminal_columns(STDERR_FILENO), 10);
    const std::string cut = wrap(visible(line), columns - 1).front();
    std::fprintf(stderr, "\r%s\x1b[K", cut.c_str());
    std::fflush(stderr);
    shown_ = true;
}

void Progress::clear() {
    if (!shown_) return;
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
    shown_ = false;
}

}  // namespace stele
