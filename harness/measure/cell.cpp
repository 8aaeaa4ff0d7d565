#include "harness/measure/cell.hpp"

#include <algorithm>

namespace stele {

double execution_limit_seconds(const Problem& problem, const DeviceInfo& device, const SamplerOptions& options) {
    // Plain loops on one core reach ten times the first; an executor that steps through threads, ten times the second;
    // a GPU that needs longer than this hangs.
    const double least_rate = device.for_results_only ? 1e6 : device.is_cpu ? 1e8 : 1e11;
    return std::max(options.cell_timeout_seconds, problem.flops() / least_rate);
}

Measurement blank_measurement(const Variant& variant, const Problem& problem, const std::string& device,
                              const SamplerOptions& options) {
    Measurement out;
    out.variant = variant.id();
    out.operation = variant.operation;
    out.algorithm = variant.algorithm;
    out.tile = variant.tile;
    out.language = variant.language;
    out.problem = problem.id();
    if (!problem.known_as().empty()) out.known_as = std::string(problem.known_as());
    out.dtype = problem.dtype();
    out.device = device;
    out.regime = options.regime;
    out.cache = options.cache;
    out.fill = options.fill;
    out.seed = options.seed;
    out.flops = problem.flops();
    out.bytes = problem.bytes();
    out.dense_flops = problem.dense_flops();
    return out;
}

Measurement blank_measurement(const Cell& cell, const SamplerOptions& options) {
    Measurement out = blank_measurement(*cell.variant, *cell.problem, cell.device->id, options);
    out.tuning = cell.tuning;
    return out;
}

}  // namespace stele
