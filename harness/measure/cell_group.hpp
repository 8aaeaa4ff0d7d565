// Timed cells of one problem in interleaved passes, so that what drifts hits all of them alike.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/measure/options.hpp"
#include "harness/measure/runner.hpp"
#include "harness/measure/timed_cell.hpp"

namespace stele {

class CellGroup {
public:
    /// All of them outlive the group.
    CellGroup(std::span<TimedCell> cells, const SamplerOptions& options, const RunnerEvents& events)
        : cells_(cells), options_(options), events_(events) {}

    /// Runs all cells in turn until the clocks have settled: less than 1 % between one second's mean and the next's,
    /// where they can be read; at least warmup_seconds, at most six times that.
    void warm_up();
    /// A pass is one sample of each cell that wants more, in shuffled order; until none does, or events.stop() is true.
    void sample_in_passes();

    /// See TimedCell; after the samples, as it heats.
    void measure_energy();

private:
    std::vector<TimedCell*> active();

    std::span<TimedCell> cells_;
    const SamplerOptions& options_;
    const RunnerEvents& events_;
};

}  // namespace stele
