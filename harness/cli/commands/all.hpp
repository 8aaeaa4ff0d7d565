// The one list of commands, in the manual's order.
#pragma once

#include <memory>
#include <vector>

#include "harness/cli/command.hpp"

namespace stele {

std::vector<std::unique_ptr<Command>> all_commands();

}  // namespace stele
