// The kernels that the active simt module holds.
#pragma once

#include <vector>

#include "kernels/native_table.hpp"

namespace stele {

/// Empty where there is no module.
const std::vector<NativeExport>& simt_exports();

}  // namespace stele
