// What every command is.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "harness/cli/exit_code.hpp"

namespace stele {

class Arguments;

/// Holds its options, which declare() binds to the command line; its manual page is docs/cli/<name>.md.
class Command {
public:
    virtual ~Command() = default;
    virtual std::string_view name() const = 0;
    /// Says which arguments there are and where their values go. Called once, before run().
    virtual void declare(Arguments& arguments) = 0;
    /// The result goes to stdout. Errors are thrown by their kind, with one message for people.
    virtual ExitCode run() = 0;
};

}  // namespace stele
