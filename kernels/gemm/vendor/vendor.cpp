// gemm / vendor: the libraries' rows.
#include "kernels/gemm/gemm.hpp"

namespace stele::gemm {

std::vector<Variant> vendor_variants() { return {}; }

}  // namespace stele::gemm
