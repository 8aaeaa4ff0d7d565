#include "kernels/operation.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace stele {
namespace {

/// λ of the probabilistic bound; see sum_error().
constexpr double lambda = 4;

/// True if a kernel declared for `architecture` runs on the compute capability: "sm_80" from 8.0 upwards, "sm_90a" on
/// 9.0 alone, as its instructions are promised nowhere else.
bool runs_on(std::string_view architecture, int compute_capability) {
    int number = 0;
    const char* begin = architecture.data() + std::string_view("sm_").size();
    const char* end = architecture.data() + architecture.size();
    const char* stopped = std::from_chars(begin, end, number).ptr;
    return stopped == end ? number <= compute_capability : number == compute_capability;
}

Support supports_device(const Variant& variant, const DeviceInfo& device) {
    for (const auto& [language, why] : device.unspoken)
        if (language == variant.language) return Support::no(why);
    if (!device.speaks(variant.language))
        return Support::no(fmt::format("{} does not run {} kernels", device.id, name(variant.language)));
    if (variant.architectures.empty() || device.compute_capability == 0) return {};
    for (const std::string& architecture : variant.architectures)
        if (runs_on(architecture, device.compute_capability)) return {};
    return Support::no(fmt::format("written for {}, and {} is {}", fmt::join(variant.architectures, ", "), device.id,
                                   device.architecture));
}

/// The device as a language finds it. OpenCL C declares its shared memory, and a CUDA device gives a declaration at
/// most 48 KiB: only a launch may ask for more.
DeviceInfo as_found_by(Language language, DeviceInfo device) {
    constexpr std::size_t most_declared = 48 << 10;
    if (is_from_text(language) && device.opencl_as_ptx)
        device.shared_bytes_per_block = std::min(device.shared_bytes_per_block, most_declared);
    return device;
}

}  // namespace

double sum_error(double terms, double unit_roundoff) { return lambda * std::sqrt(terms) * unit_roundoff; }

double Problem::reference_bytes() const {
    double elements = 0;
    for (const TensorSpec& tensor : tensors())
        if (tensor.role == Role::output) elements += static_cast<double>(tensor.elements());
    return 4 * sizeof(double) * elements;
}

std::string Variant::base_id() const {
    std::string out = operation + '/' + algorithm;
    if (language != Language::vendor) (out += '.') += name(language);
    return out;
}

std::string Variant::id() const { return tile.empty() ? base_id() : base_id() + '@' + tile; }

Support Variant::supports(const DeviceInfo& device, const Problem& problem) const {
    try {
        if (problem.operation() != operation)
            return Support::no(fmt::format("computes {}, not {}", operation, problem.operation()));
        if (Support answer = supports_device(*this, device); !answer) return answer;
        return supports_problem ? supports_problem(as_found_by(language, device), problem) : Support{};
    } catch (const std::exception& error) {
        return Support::no(error.what());
    }
}

}  // namespace stele
