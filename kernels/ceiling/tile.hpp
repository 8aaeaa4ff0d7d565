// The one tile of ceiling's loops.
#pragma once

#include <cstdint>

namespace stele::ceiling {

/// Rows and columns of C that a block keeps, products a sum gets in one iteration, and a block's threads.
inline constexpr std::int64_t block_m = 64, block_n = 256, depth = 16;
inline constexpr int threads = 128;
}  // namespace stele::ceiling
