// attention/vendor.cudnn: cuDNN's fused attention on an NVIDIA GPU, the fastest of the plans that its heuristics
// propose.
#include "kernels/attention/vendor/cudnn.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "kernels/attention/rows.hpp"
#include "kernels/attention/vendor/cudnn_attention.hpp"
#include "kernels/common/cuda_stream.hpp"

namespace stele::attention {
namespace {

// What its plans ask for on an H200 is below 20 KB, by 9.19 and 9.28.
constexpr std::size_t workspace_bytes = std::size_t{16} << 20;
constexpr int trials = 5;

// From 9.5 it knows pages, from 9.10 masks may hold −∞, and 9.10.0 and 9.10.1 compute wrong (cudnn-frontend 1.22,
// sdpa_support_surface.h).
constexpr std::size_t oldest = 91002;

CudnnOperands operands_of_call(const Shape& shape, std::span<void* const> arguments) {
    const auto named = [&](std::string_view name) {
        const std::optional<std::size_t> index = tensor_index(shape, name);
        return index ? arguments[*index] : nullptr;
    };
    return {named("Q"), named("K"), named("V"), named("O"), named("lse"), named("page_table"), arguments.back()};
}

}  // namespace

std::string cudnn_why_not(const cudnn::Cudnn& cudnn) {
    if (!cudnn.library.loaded()) return cudnn.library.why_not();
    if (cudnn.version_number() >= oldest) return {};
    return fmt::format("{} is cuDNN {}, and this row asks for 9.10.2 or later", cudnn.library.path(),
                       cudnn.version_text());
}

Support cudnn_supports(const DeviceInfo& device, const Shape& shape) {
    if (Support typed = takes_dtype(shape, {Dtype::f16, Dtype::bf16}); !typed) return typed;
    if (shape.is_latent()) return Support::no("reads values of their own, not the first columns of keys");
    if (device.compute_capability < 80)
        return Support::no("cuDNN's fused attention runs from compute capability 8.0 on");
    // Its support matrix has both prefill and decode there (cuDNN documentation, "Attention", of 9.18.1).
    if (shape.head_dim > 128 && device.compute_capability / 10 != 9)
        return Support::no("a head_dim beyond 128 is asked of cuDNN on compute capability 9.x alone");
    for (std::int64_t sequence = 0; sequence < shape.batch; ++sequence)
        if (shape.keys_of(sequence) == 0)
            return Support::no("cuDNN says nothing of a query that sees no key, as those of a sequence without any");
    if (shape.causal && !shape.is_packed() && shape.seq_q > shape.seq_k)
        return Support::no("cuDNN aligns the mask to the last key only where there are as many keys as queries");
    return {};
}

std::optional<LibraryState> cudnn_state() {
    if (!Library::is_loaded(cudnn_library) || !cudnn::loaded_cudnn().library.loaded()) return std::nullopt;
    return LibraryState{cudnn::loaded_cudnn().version_text(), 0};
}

std::vector<Variant> cudnn_variants() {
    LibraryRow row;
    row.operation = "attention";
    row.library = "cudnn";
    row.queue = HostQueue::cuda_stream;
    row.why_not = [] { return cudnn_why_not(cudnn::loaded_cudnn()); };
    row.description = [] {
        const cudnn::Cudnn& cudnn = cudnn::loaded_cudnn();
        return cudnn.library.loaded() ? "cuDNN " + cudnn.version_text() : std::string();
    };
    row.arithmetic_of = rounded_weights;
    row.supports = [](const DeviceInfo& device, const Problem& problem) {
        return cudnn_supports(device, shape_of(problem));
    };
    row.scratch = [](const Problem&) { return std::vector{workspace_bytes}; };
    row.instance = [](const Problem& problem) { return instance_of(shape_of(problem)); };
    row.call = [](const Problem& problem) -> HostCall {
        const Shape& shape = shape_of(problem);
        const CudnnDriver driver{[](cudnn::Stream stream, const std::function<void()>& call) {
                                     return shortest_milliseconds(stream, trials, call);
                                 },
                                 device_copy};
        const auto attention = std::make_shared<CudnnAttention>(cudnn::loaded_cudnn(), shape, workspace_bytes, driver);
        return [attention, shape](const HostCallContext& context) {
            (*attention)(operands_of_call(shape, context.arguments), context.queue);
        };
    };
    return {variant_of(row)};
}

}  // namespace stele::attention
