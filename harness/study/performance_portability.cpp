#include "harness/study/performance_portability.hpp"

#include <algorithm>
#include <numeric>

namespace stele {

PerformancePortability performance_portability(Efficiencies efficiencies) {
    PerformancePortability out;
    double inverses = 0, supported = 0;
    for (const std::optional<double>& efficiency : efficiencies) {
        if (!efficiency) continue;
        out.minimum = supported == 0 ? *efficiency : std::min(out.minimum, *efficiency);
        inverses += 1 / *efficiency;
        ++supported;
    }
    if (supported == 0) return out;
    out.supported_mean = supported / inverses;
    out.coverage = supported / static_cast<double>(efficiencies.size());
    if (out.coverage == 1) out.pp = out.supported_mean;
    return out;
}

std::vector<CascadeStep> cascade(Efficiencies efficiencies) {
    std::vector<std::size_t> order(efficiencies.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::ranges::greater{},
                             [&](std::size_t device) { return efficiencies[device].value_or(0); });
    std::vector<CascadeStep> steps;
    std::vector<std::optional<double>> so_far;
    for (const std::size_t device : order) {
        so_far.push_back(efficiencies[device]);
        steps.push_back({device, efficiencies[device].value_or(0), performance_portability(so_far).pp});
    }
    return steps;
}

}  // namespace stele
