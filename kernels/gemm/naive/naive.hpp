// What naive's siblings share.
#pragma once

namespace stele::gemm {

/// Threads of a block, each with one element of C.
inline constexpr int naive_threads = 256;

}  // namespace stele::gemm
