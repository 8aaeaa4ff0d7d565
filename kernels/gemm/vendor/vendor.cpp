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
    variant.supports_problem = [row](const DeviceInfo& device, const Problem& problem) {
        if (device.backend != row.backend)
            return Support::no(fmt::format("{} runs on {} devices", row.library, row.backend));
        return row.supports(device, as_gemm(problem).shape());
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
        Step step{0, {1, 1, 1}, {1, 1, 1}, 0, {TensorOperand{0}, TensorOperand{1}, TensorOperand{2}}};
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
    for (auto row : {&openblas_row, &onednn_row, &cublaslt_row}) out.push_back(variant_of(row()));
    return out;
}

}  // namespace stele::gemm
