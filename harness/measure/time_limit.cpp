#include "harness/measure/time_limit.hpp"

#include "harness/measure/options.hpp"

namespace stele {

std::optional<double> time_limit(Phase phase, const Problem& problem, const DeviceInfo& device,
                                 const SamplerOptions& options) {
    constexpr double opening = 60, building = 600;
    const double execution = options.time_limit_seconds.value_or(execution_limit_seconds(problem, device, options));
    switch (phase) {
        case Phase::reference:
        case Phase::judge:
            return std::nullopt;
        case Phase::open:
            return opening;
        case Phase::build:
            return building;
        // Of several executions, over a second or so.
        case Phase::measure_energy:
            return 2 + 3 * execution;
        case Phase::verify:
        case Phase::prepare:
        case Phase::warm_up:
        case Phase::sample:
        case Phase::check_again:
        case Phase::profile:
            break;
    }
    return execution;
}

}  // namespace stele
