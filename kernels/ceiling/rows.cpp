// ceiling: how its loops become variants.
#include <algorithm>

#include <fmt/format.h>

#include "kernels/ceiling/rows.hpp"
#include "kernels/source.hpp"

namespace stele::ceiling {
namespace {

const CeilingProblem& as_ceiling(const Problem& problem) { return dynamic_cast<const CeilingProblem&>(problem); }

Support supports(const Row& row, const DeviceInfo& device, const Problem& problem) {
    if (std::ranges::find(row.dtypes, problem.dtype()) == row.dtypes.end())
        return Support::no(fmt::format("{} is not what this loop computes with", name(problem.dtype())));
    return fits_block(device, threads, row.shared_bytes + row.dynamic_shared_bytes);
}

Plan plan(const Row& row, Language language, const DeviceInfo& device, const CeilingProblem& problem) {
    const std::string algorithm = "ceiling/" + row.algorithm, entry = "ceiling_" + row.algorithm;
    const std::string instance(name(problem.dtype()));
    Plan out;
    out.kernels.push_back(kernel_source(language, algorithm, entry, instance));
    const Shape& shape = problem.shape();
    Step step{0, {}, {static_cast<unsigned>(threads), 1, 1}, row.dynamic_shared_bytes, {}, {}};
    if (problem.is_copy()) {
        // Sixteen blocks keep a multiprocessor's memory pipeline full, and a small copy needs fewer.
        const std::int64_t pieces = shape.copied_bytes / 16;
        const std::int64_t most = 16 * std::int64_t{std::max(1, device.compute_units)};
        step.grid.x = static_cast<unsigned>(std::min(most, (pieces + threads - 1) / threads));
        step.operands = {TensorOperand{0}, TensorOperand{1}, pieces};
    } else {
        step.grid.x = static_cast<unsigned>(shape.blocks);
        step.operands = {TensorOperand{0}, TensorOperand{1}, TensorOperand{2},
                         static_cast<std::int32_t>(shape.iterations)};
    }
    out.steps.push_back(std::move(step));
    return out;
}

}  // namespace

std::vector<Variant> variants_of(const Row& row) {
    VariantRow as_row;
    as_row.operation = "ceiling";
    as_row.algorithm = row.algorithm;
    as_row.languages = row.languages;
    as_row.architectures = row.architectures;
    as_row.supports = [row](Language, const DeviceInfo& device, const Problem& problem) {
        return supports(row, device, problem);
    };
    as_row.plan = [row](Language language, const DeviceInfo& device, const Problem& problem) {
        return plan(row, language, device, as_ceiling(problem));
    };
    return stele::variants_of(as_row);
}

std::vector<Variant> all_variants() {
    const std::vector<Row> rows{
        {"fma", {Language::cuda, Language::ptx, Language::opencl}, {Dtype::f32}},
        {"half2", {Language::cuda, Language::ptx}, {Dtype::f16}},
        {"mma", {Language::ptx}, {Dtype::f16, Dtype::bf16}, {"sm_80", "sm_90a", "sm_100", "sm_120"}, 2048},
        {"wmma", {Language::cuda}, {Dtype::f16, Dtype::bf16}, {"sm_80", "sm_90a", "sm_100", "sm_120"}, 10240},
        {"wgmma", {Language::ptx}, {Dtype::f16, Dtype::bf16}, {"sm_90a"}, 0, 10240},
        {"copy", {Language::cuda, Language::opencl}, {Dtype::u8}},
    };
    std::vector<Variant> out;
    for (const Row& row : rows)
        for (Variant& variant : variants_of(row)) out.push_back(std::move(variant));
    return out;
}

}  // namespace stele::ceiling
