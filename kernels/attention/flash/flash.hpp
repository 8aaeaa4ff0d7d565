// What flash's rows and its kernels must agree on.
#pragma once

namespace stele::attention {

/// Key tiles that flash.ptx.cu has in flight: one is computed on while the next one is copied.
inline constexpr int stages_ptx = 2;

}  // namespace stele::attention
