// gemm / vendor: the libraries' rows.
#include "kernels/gemm/vendor/vendor.hpp"

#include "kernels/gemm/rows.hpp"

namespace stele::gemm {
namespace {

LibraryRow library_row(const ShapeRow& row) {
    LibraryRow out;
    out.operation = "gemm";
    out.library = row.library;
    out.queue = row.queue;
    out.why_not = row.why_not;
    out.description = row.description;
    if (row.arithmetic_of)
        out.arithmetic_of = [row](const Problem& problem) { return row.arithmetic_of(as_gemm(problem).shape()); };
    out.supports = [row](const DeviceInfo& device, const Problem& problem) {
        const Shape& shape = as_gemm(problem).shape();
        if (!shape.plain() && !row.takes_all_forms)
            return Support::no(row.library + "'s row multiplies two matrices, without scales, batch or groups");
        return row.supports(device, shape);
    };
    out.call = [row](const Problem& problem) { return row.call(as_gemm(problem).shape()); };
    out.instance = [](const Problem& problem) { return instance(as_gemm(problem).shape()); };
    if (row.scratch_bytes > 0) out.scratch = [bytes = row.scratch_bytes](const Problem&) { return std::vector{bytes}; };
    return out;
}

}  // namespace

std::vector<Variant> vendor_variants() {
    std::vector<Variant> out;
    for (auto row : {&openblas_row, &onednn_row, &cublaslt_row, &clblast_row})
        out.push_back(variant_of(library_row(row())));
    return out;
}

}  // namespace stele::gemm
