#include "harness/cli/commands/all.hpp"

// clang-format off
/// A line a command: `name` stands for name_command(), at the end of commands/name.cpp.
#define STELE_COMMANDS(a_command) \
    a_command(devices) \
    a_command(doctor) \
    a_command(list) \
    a_command(verify) \
    a_command(bench) \
    a_command(tune) \
    a_command(run) \
    a_command(report) \
    a_command(compare) \
    a_command(portability) \
    a_command(export) \
    a_command(history) \
    a_command(explain) \
    a_command(first_contact)
// clang-format on

namespace stele {

#define DECLARE(name) std::unique_ptr<Command> name##_command();
STELE_COMMANDS(DECLARE)
#undef DECLARE

std::vector<std::unique_ptr<Command>> all_commands() {
    std::vector<std::unique_ptr<Command>> all;
#define MAKE(name) all.push_back(name##_command());
    STELE_COMMANDS(MAKE)
#undef MAKE
    return all;
}

}  // namespace stele
