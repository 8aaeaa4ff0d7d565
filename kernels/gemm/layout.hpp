// Which of its extents B has in its rows: [K,N] or [N,K]. Light enough for device code.
#pragma once

namespace stele::gemm {

enum class LayoutB { kn, nk };

constexpr const char* name(LayoutB layout) { return layout == LayoutB::kn ? "kn" : "nk"; }

}  // namespace stele::gemm
