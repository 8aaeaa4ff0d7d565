// Rows of variants that no device here can run, told in one line.
#pragma once

#include <string>

#include "harness/study/side_by_side.hpp"

namespace stele {

/// Takes the cells out whose variant was skipped on every device, and says them: "21 CUDA C++ and PTX rows: no cuda
/// device: …". Empty where there are none.
std::string count_skipped(ProblemSides& problem);

}  // namespace stele
