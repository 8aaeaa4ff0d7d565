// What the rows of sparse attention and its kernels must agree on.
#pragma once

namespace stele {

/// Key tiles that the PTX siblings have in flight: one is computed on while the next one is copied.
inline constexpr int sparse_stages_ptx = 2;

}  // namespace stele
