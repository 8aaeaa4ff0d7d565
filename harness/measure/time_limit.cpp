#include "harness/measure/time_limit.hpp"

#include <algorithm>

namespace stele {
namespace {

double slowest_flops(const DeviceInfo& device) {
    if (device.for_results_only) return 1e6;
    return device.is_cpu ? 1e8 : 1e11;
}

}  // namespace

std::optional<double> time_limit(Phase phase, const Problem& problem, const DeviceInfo& device,
                                 const SamplerOptions& options) {
    constexpr double least = 30, opening = 60, building = 600;
    switch (phase) {
        case Phase::reference:
        case Phase::judge:
            return std::nullopt;
        case Phase::open:
            return opening;
        case Phase::build:
            return building;
        case Phase::verify:
        case Phase::prepare:
        case Phase::warm_up:
        case Phase::sample:
        case Phase::check_again:
        case Phase::profile:
            break;
    }
    return options.time_limit_seconds.value_or(std::max(least, problem.flops() / slowest_flops(device)));
}

}  // namespace stele
