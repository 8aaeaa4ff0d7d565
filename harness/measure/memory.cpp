#include "harness/measure/memory.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "backends/host/limits.hpp"
#include "harness/base/text.hpp"

namespace stele {

namespace {

/// What a runtime takes beside tensors, for its compiler, its threads and a library's buffers: more than PoCL 3.1 and
/// oneDNN 2.6 were seen to (150 MiB).
constexpr double runtime_bytes = double{1u << 28};

struct TensorBytes {
    double inputs = 0, outputs = 0, largest = 0;
    double sum() const { return inputs + outputs; }
};

TensorBytes tensor_bytes(const Problem& problem) {
    TensorBytes out;
    for (const TensorSpec& tensor : problem.tensors()) {
        const auto bytes = static_cast<double>(tensor.bytes());
        (tensor.role == Role::input ? out.inputs : out.outputs) += bytes;
        out.largest = std::max(out.largest, bytes);
    }
    return out;
}

std::string amount(double bytes) { return bytes_text(static_cast<std::size_t>(bytes)); }

}  // namespace

double host_bytes(const DeviceInfo& device, const Problem& problem) {
    const TensorBytes tensors = tensor_bytes(problem);
    // The first check's inputs and references are kept while the second's are made; an input is compared with a copy.
    const double checks = 2 * (tensors.inputs + problem.reference_bytes()) + tensors.outputs + tensors.largest;
    return checks + (device.is_cpu ? tensors.sum() : 0);
}

std::string why_too_large(const DeviceInfo& device, const Problem& problem, std::size_t kept) {
    if (!problem.why_not_made().empty()) return problem.why_not_made();
    const TensorBytes tensors = tensor_bytes(problem);
    if (device.global_bytes > 0 && tensors.sum() > static_cast<double>(device.global_bytes))
        return fmt::format("no memory: the tensors take {}, and {} has {}", amount(tensors.sum()), device.id,
                           bytes_text(device.global_bytes));
    if (device.max_allocation_bytes > 0 && tensors.largest > static_cast<double>(device.max_allocation_bytes))
        return fmt::format("no memory: one tensor takes {}, and {} allocates at most {} at once",
                           amount(tensors.largest), device.id, bytes_text(device.max_allocation_bytes));
    const double wanted = host_bytes(device, problem) + runtime_bytes - static_cast<double>(kept);
    const MemoryLimit left = memory_left();
    if (wanted > static_cast<double>(left.bytes))
        return fmt::format("no memory: checking takes about {} on the host, and {} are left ({})", amount(wanted),
                           bytes_text(left.bytes), left.set_by);
    return {};
}

}  // namespace stele
