// stele: see docs/cli/index.md.
#include <algorithm>
#include <exception>
#include <string>
#include <vector>

#include "harness/cli/command_line.hpp"
#include "harness/cli/interrupt.hpp"
#include "harness/cli/outcome.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/workplace.hpp"

namespace {

/// What `work` ends with, its error said.
template <typename Work>
int guarded(Work work) {
    try {
        return work();
    } catch (...) {
        const stele::Ending ending = stele::outcome_of(std::current_exception());
        stele::say(ending.message);
        return ending.code;
    }
}

}  // namespace

int main(int argc, char** argv) {
    stele::hold_standard_streams();
    stele::ignore_closed_pipes();
    stele::catch_interrupts();
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    const int code = guarded([&]() -> int {
        // Not a command: what this program starts itself.
        if (arguments == std::vector<std::string>{"worker"}) return stele::run_worker();
        return stele::parse_command_line(arguments)->run();
    });
    const int flushed = guarded([]() -> int {
        stele::flush_output();
        return stele::exit_fine;
    });
    // Where the work itself has failed or was interrupted, that is the news.
    return code != stele::exit_fine ? code : flushed;
}
