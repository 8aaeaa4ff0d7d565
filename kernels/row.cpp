#include "kernels/row.hpp"

#include <stdexcept>

#include <fmt/format.h>

namespace stele {
namespace {

std::string_view devices_with(HostQueue queue) {
    switch (queue) {
        case HostQueue::none:
            return info(Language::host).runtime;
        case HostQueue::cuda_stream:
            return info(Language::cuda).runtime;
        case HostQueue::opencl_queue:
            return info(Language::opencl).runtime;
    }
    throw std::logic_error("unknown queue");
}

Support supports(const LibraryRow& row, const DeviceInfo& device, const Problem& problem) {
    if (device.host_queue != row.queue)
        return Support::no(fmt::format("{} runs on {} devices", row.library, devices_with(row.queue)));
    if (const std::string why = row.why_not(); !why.empty()) return Support::no(why);
    return row.supports(device, problem);
}

Plan plan(const LibraryRow& row, const Problem& problem) {
    KernelSource source;
    source.language = Language::vendor;
    source.file = fmt::format("{}/vendor/{}.cpp", row.operation, row.library);
    source.entry = row.library;
    source.instance = fmt::format("{}, {}", row.instance(problem), row.description());
    source.call = row.call(problem);

    Plan out;
    out.kernels.push_back(std::move(source));
    if (row.scratch) out.scratch = row.scratch(problem);
    Step step{0, {1, 1, 1}, {1, 1, 1}, 0, {}, {}};
    for (std::size_t tensor = 0; tensor < problem.tensors().size(); ++tensor)
        step.operands.push_back(TensorOperand{tensor});
    for (std::size_t scratch = 0; scratch < out.scratch.size(); ++scratch)
        step.operands.push_back(ScratchOperand{scratch});
    out.steps.push_back(std::move(step));
    return out;
}

}  // namespace

std::vector<Variant> variants_of(const VariantRow& row) {
    std::vector<Variant> out;
    for (Language language : row.languages) {
        Variant& variant = out.emplace_back();
        variant.operation = row.operation;
        variant.algorithm = row.algorithm;
        variant.language = language;
        variant.tile = row.tile;
        variant.default_tile = row.default_tile;
        variant.arithmetic = row.arithmetic;
        variant.arithmetic_of = row.arithmetic_of;
        if (is_native(language)) variant.architectures = row.architectures;
        if (is_from_text(language)) variant.tile_space = row.tile_space;
        variant.supports_problem = [language, supports = row.supports](const DeviceInfo& device,
                                                                       const Problem& problem) {
            return supports(language, device, problem);
        };
        variant.make_plan = [language, plan = row.plan](const DeviceInfo& device, const Problem& problem) {
            return plan(language, device, problem);
        };
    }
    return out;
}

Variant variant_of(const LibraryRow& row) {
    VariantRow as_row;
    as_row.operation = row.operation;
    as_row.algorithm = "vendor." + row.library;
    as_row.languages = {Language::vendor};
    as_row.arithmetic = row.arithmetic;
    as_row.arithmetic_of = row.arithmetic_of;
    as_row.supports = [row](Language, const DeviceInfo& device, const Problem& problem) {
        return supports(row, device, problem);
    };
    as_row.plan = [row](Language, const DeviceInfo&, const Problem& problem) { return plan(row, problem); };
    return variants_of(as_row).front();
}

Support fits_block(const DeviceInfo& device, int threads, std::size_t shared_bytes) {
    if (threads > device.max_threads_per_block)
        return Support::no(
            fmt::format("a block has {} threads, and {} takes {}", threads, device.id, device.max_threads_per_block));
    if (shared_bytes > device.shared_bytes_per_block)
        return Support::no(fmt::format("a block needs {} bytes of shared memory, and {} has {}", shared_bytes,
                                       device.id, device.shared_bytes_per_block));
    return {};
}

}  // namespace stele
