// gemm / naive: its row.
#include "kernels/gemm/naive/naive.hpp"

#include "kernels/gemm/rows.hpp"

namespace stele::gemm {

std::vector<Variant> naive_variants() {
    KernelRow row;
    row.algorithm = "naive";
    row.threads = naive_threads;
    row.blocks = [](const Shape& shape) { return ceil_div(shape.m * shape.n, naive_threads); };
    return variants_of(row);
}

}  // namespace stele::gemm
