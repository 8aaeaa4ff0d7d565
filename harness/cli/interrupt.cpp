#include "harness/cli/interrupt.hpp"

#include <unistd.h>

#include <csignal>

#include "harness/cli/exit_code.hpp"

namespace stele {

namespace {

constexpr int signals[]{SIGINT, SIGTERM, SIGHUP};
volatile std::sig_atomic_t signalled = 0, keeping = 0;

extern "C" void note_signal(int) {
    if (!keeping) ::_exit(exit_interrupted);
    signalled = 1;
    for (const int number : signals) std::signal(number, SIG_DFL);
}

}  // namespace

void catch_interrupts() {
    struct sigaction action{};
    action.sa_handler = note_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (const int number : signals) {
        struct sigaction before{};
        sigaction(number, nullptr, &before);
        if (number == SIGHUP && before.sa_handler == SIG_IGN) continue;
        sigaction(number, &action, nullptr);
    }
}

void keep_what_is_measured() { keeping = 1; }

bool interrupted() { return signalled != 0; }

void ignore_closed_pipes() { std::signal(SIGPIPE, SIG_IGN); }

}  // namespace stele
