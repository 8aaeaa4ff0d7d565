// The operation `ceiling`: its problems by name, and its variants.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/operation.hpp"

namespace stele::ceiling {

std::unique_ptr<Operation> make_operation();

/// The named lists of problem texts.
std::vector<std::string> suite(Suite suite);

}  // namespace stele::ceiling
