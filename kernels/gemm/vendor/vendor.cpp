// gemm / vendor: the libraries' rows.
#include "kernels/gemm/vendor/vendor.hpp"

#include <fmt/format.h>

namespace stele::gemm {
namespace {

Variant variant_of(const VendorRow& row) {
    Variant variant;
    variant.operation = "gemm";
    variant.algorithm = "vendor." + row.library;
    variant.language = Language::vendor;
    variant.arithmetic = row.arithmetic;
    if (row.arithmetic_of)
        variant.arithmetic_of = [row](const Problem& problem) { return row.arithmetic_of(as_gemm(problem).shape()); };
    variant.supports_problem = [row](const DeviceInfo& device, const Problem& problem) {
        if (device.backend != row.backend)
            return Support::no(fmt::format("{} runs on {} devices", row.library, row.backend));
        const Shape& shape = as_gemm(problem).shape();
        if (!shape.plain() && !row.takes_all_forms)
            return Support::no(row.library + "'s row multiplies two matrices, without scales, batch or groups");
        return row.supports(device, shape);
    };
    variant.make_plan = [row](const DeviceInfo&, const Problem& problem) {
        const Shape& shape = as_gemm(problem).shape();
        Plan plan;
        KernelSource source;
        source.language = Language::vendor;
        source.file = "gemm/vendor/" + row.library + ".cpp";
        source.entry = row.library;
        source.instance = instance(shape) + ", " + row.description();
        source.call = row.call(shape);
        plan.kernels.push_back(std::move(source));
        Step step{0, {1, 1, 1}, {1, 1, 1}, 0, {}, {}};
        for (std::size_t i = 0; i <= index_of_c(shape); ++i) step.operands.push_back(TensorOperand{i});
        if (row.scratch_bytes > 0) {
            plan.scratch.push_back(row.scratch_bytes);
            step.operands.push_back(ScratchOperand{0});
        }
        plan.steps.push_back(std::move(step));
        return plan;
    };
    return variant;
}

}  // namespace

std::vector<Variant> vendor_variants() {
    std::vector<Variant> out;
    for (auto row : {&openblas_row, &onednn_row, &cublaslt_row, &clblast_row, &clblast_f16_row})
        out.push_back(variant_of(row()));
    return out;
}

}  // namespace stele::gemm
