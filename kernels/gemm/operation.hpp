// The operation `gemm`: its problems by name, and its variants.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/operation.hpp"

namespace stele::gemm {

std::unique_ptr<Operation> make_operation();

/// The named lists of problem texts.
std::vector<std::string> suite(Suite suite);

}  // namespace stele::gemm
