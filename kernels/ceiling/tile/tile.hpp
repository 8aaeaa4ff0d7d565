// The tile of ceiling/tile's copy.
#pragma once

namespace stele::ceiling {

/// Numbers of 32 bits that a block copies at a time: 16 KiB.
inline constexpr int copied_numbers = 4096;

}  // namespace stele::ceiling
