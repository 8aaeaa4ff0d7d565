// ceiling: how its loops become variants.
#include <algorithm>

#include <fmt/format.h>

#include "kernels/ceiling/ceiling.hpp"
#include "kernels/source.hpp"

namespace stele::ceiling {
namespace {

const CeilingProblem& as_ceiling(const Problem& problem) { return dynamic_cast<const CeilingProblem&>(problem); }

Support supports(const Row& row, const DeviceInfo& device, const Problem& problem) {
    if (std::ranges::find(row.dtypes, problem.dtype()) == row.dtypes.end())
        return Support::no(fmt::format("{} is not what this loop computes with", name(problem.dtype())));
    const std::size_t shared = row.shared_bytes + row.dynamic_shared_bytes;
    if (shared > device.shared_bytes_per_block)
        return Support::no(fmt::format("a block needs {} bytes of shared memory, and {} has {}", shared, device.id,
                                       device.shared_bytes_per_block));
    if (device.backend == "cuda" && row.least_compute_capability == 90 && device.compute_capability != 90)
        return Support::no(fmt::format("wgmma is compute capability 9.0, and {} is {}.{}", device.id,
                                       device.compute_capability / 10, device.compute_capability % 10));
    if (threads > device.max_threads_per_block)
        return Support::no(
            fmt::format("a block has {} threads, and {} takes {}", threads, device.id, device.max_threads_per_block));
    return {};
}

Plan plan(const Row& row, Language language, const DeviceInfo& device, const CeilingProblem& problem) {
    const std::string algorithm = "ceiling/" + row.algorithm, entry = "ceiling_" + row.algorithm;
    const std::string instance(name(problem.dtype()));
    Plan out;
    out.kernels.push_back(language == Language::opencl ? opencl_source(language, algorithm, entry, instance, {})
                                                       : native_source(language, algorithm, entry, instance));
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
    std::vector<Variant> out;
    for (Language language : row.languages) {
        Variant variant;
        variant.operation = "ceiling";
        variant.algorithm = row.algorithm;
        variant.language = language;
        if (language != Language::opencl) variant.architectures = row.architectures;
        variant.supports_problem = [row](const DeviceInfo& device, const Problem& problem) {
            return supports(row, device, problem);
        };
        variant.make_plan = [row, language](const DeviceInfo& device, const Problem& problem) {
            return plan(row, language, device, as_ceiling(problem));
        };
        out.push_back(std::move(variant));
    }
    return out;
}

}  // namespace stele::ceiling
