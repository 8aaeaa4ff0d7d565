// How long a step of a cell may take before it counts as hung.
#pragma once

#include <optional>

#include "backends/backend.hpp"
#include "harness/measure/options.hpp"
#include "harness/measure/phase.hpp"
#include "kernels/operation.hpp"

namespace stele {

/// Seconds that `phase` may take for one cell. None for what is not the kernel's own doing: references and judging are
/// this program's work, and long where a problem is large. One execution has what `options` say, else
/// execution_limit_seconds().
std::optional<double> time_limit(Phase phase, const Problem& problem, const DeviceInfo& device,
                                 const SamplerOptions& options);

}  // namespace stele
