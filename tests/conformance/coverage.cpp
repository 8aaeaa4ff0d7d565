#include "tests/conformance/coverage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stele {
namespace {

bool any_device(const DeviceSet& devices, bool (*holds)(const DeviceInfo&)) {
    return std::ranges::any_of(devices.infos(), holds);
}

/// Variants that need what an ordinary machine lacks. Where there is no `missing` device, `glob` is executed nowhere.
struct Declared {
    std::string_view glob;
    bool (*missing)(const DeviceInfo&);
    std::string_view why;
};

bool is_nvidia(const DeviceInfo& device) { return device.compute_capability > 0 && !device.for_results_only; }
bool compiles_half(const DeviceInfo& device) { return device.speaks(Language::opencl) && device.has("f16"); }

constexpr Declared declared[] = {
    {"*.opencl_ptx@*", is_nvidia, "NVIDIA's inline PTX in OpenCL C; the same instructions run as .ptx.cu on simt"},
    {"gemm/half.opencl@*", compiles_half,
     "a device that compiles `half`; tests/unit/kernels runs the text with its half in float"},
    {"*/vendor.cu*", is_nvidia, "libraries of NVIDIA's"},
};

bool is_taken(const Variant& variant, const DeviceSet& devices, const std::vector<std::unique_ptr<Problem>>& problems) {
    return std::ranges::any_of(devices.infos(), [&](const DeviceInfo& device) {
        return std::ranges::any_of(problems,
                                   [&](const auto& problem) { return bool(variant.supports(device, *problem)); });
    });
}

std::map<std::string, std::vector<std::unique_ptr<Problem>>> all_problems(const Registry& registry) {
    std::map<std::string, std::vector<std::unique_ptr<Problem>>> out;
    for (const Operation* operation : registry.operations())
        for (const Suite suite : {Suite::smoke, Suite::edge})
            for (auto& problem : problems(*operation, suite))
                out[std::string(operation->name())].push_back(std::move(problem));
    return out;
}

}  // namespace

int check_coverage(const Registry& registry, const DeviceSet& devices) {
    const auto problems = all_problems(registry);
    std::vector<std::string> undeclared;
    std::map<std::string_view, std::size_t> used;
    std::size_t executed = 0;
    for (const Variant* variant : registry.variants()) {
        if (is_taken(*variant, devices, problems.at(variant->operation))) {
            ++executed;
            continue;
        }
        const auto why = std::ranges::find_if(declared, [&](const Declared& entry) {
            return !any_device(devices, entry.missing) && glob_match(entry.glob, variant->id());
        });
        if (why == std::end(declared))
            undeclared.push_back(variant->id());
        else
            ++used[why->glob];
    }
    fmt::print("conformance: {} variants are executed here\n", executed);
    int result = 0;
    for (const Declared& entry : declared) {
        if (any_device(devices, entry.missing)) continue;
        fmt::print("conformance: {} {} not executed: {}\n", used[entry.glob], entry.glob, entry.why);
        if (used[entry.glob] != 0) continue;
        fmt::print("conformance: {} is declared, and is executed\n", entry.glob);
        result = 1;
    }
    for (const std::string& id : undeclared) {
        fmt::print("conformance: {} is executed by no device and is not declared\n", id);
        result = 1;
    }
    return result;
}

}  // namespace stele
