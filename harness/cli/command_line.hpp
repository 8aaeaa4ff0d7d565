// Finds the command that a command line means, and reads its options.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/cli/command.hpp"

namespace stele {

/// The command, ready to run; --help and --version are commands that show a text. `arguments` without the program's
/// name. Throws BadInput with one message for people.
std::unique_ptr<Command> parse_command_line(const std::vector<std::string>& arguments);

/// What a command takes, for the manual's tests.
struct CommandOptions {
    std::vector<std::string> names;                           ///< "--device"; --help stands only at ""
    std::map<std::string, std::vector<std::string>> choices;  ///< of the options that have names to choose from
};
/// By command; "" is what stands before one.
std::map<std::string, CommandOptions> command_options();

}  // namespace stele
