// How cells are verified and timed.
#pragma once

#include <cstdint>
#include <optional>

#include "harness/record/measurement.hpp"
#include "kernels/operation.hpp"

namespace stele {

struct SamplerOptions {
    std::uint64_t seed = 1;
    std::uint32_t round = 0;  ///< which of several processes this is: cells take their turns in another order
    Fill fill = Fill::normal;
    CacheMode cache = CacheMode::cold;
    Regime regime = Regime::burst;
    double interval = 0.005;  ///< stop when the 95 % interval of the median is within ± this share
    /// Wall time spent timing one cell, once it has its least samples; a slow cell that cannot have them in four times
    /// this long stops short of them.
    double cell_seconds = 0.5;
    std::uint32_t least_samples = 5, most_samples = 1000;
    /// An execution longer than this is not timed: that it passed is told, and how long it took.
    double longest_timed_seconds = 2;
    /// See execution_limit_seconds().
    double cell_timeout_seconds = 30;
    /// What one execution may take before the process that runs it is ended; none: see time_limit().
    std::optional<double> time_limit_seconds{};
    bool energy = false;         ///< executions for the energy counter follow the samples, where the device has one
    double warmup_seconds = 10;  ///< sustained regime: run at least this long before the first sample
};

/// The longest that one execution may take before it counts as hung: cell_timeout_seconds, or more where that much work
/// takes longer at a rate below that of any device. What a driver compiles is not in it. Seen after the fact: no
/// runtime can stop a kernel that runs.
double execution_limit_seconds(const Problem& problem, const DeviceInfo& device, const SamplerOptions& options);

}  // namespace stele
