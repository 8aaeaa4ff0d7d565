// Cells on a device that the test has made.
#pragma once

#include <vector>

#include "harness/measure/runner_here.hpp"

namespace stele::test {

struct OnDevice {
    const Variant* variant;
    const Problem* problem;
    Device* device;
};

inline std::vector<Measurement> run_on(Work work, const std::vector<OnDevice>& on, const SamplerOptions& options = {},
                                       const Watcher& watcher = {}) {
    OpenDevices devices(*on.front().device);
    ReferenceCache references;
    RunnerHere here(devices, references);
    std::vector<Cell> cells;
    for (const OnDevice& one : on) cells.push_back({one.variant, one.problem, &one.device->info()});
    return run_cells(here, work, cells, options, watcher);
}

inline std::vector<Measurement> verify_on(const std::vector<OnDevice>& on, const SamplerOptions& options = {},
                                          const Watcher& watcher = {}) {
    return run_on(Work::verify, on, options, watcher);
}

inline std::vector<Measurement> bench_on(const std::vector<OnDevice>& on, const SamplerOptions& options = {},
                                         const Watcher& watcher = {}) {
    return run_on(Work::bench, on, options, watcher);
}

inline GivenRun run_given_on(const OnDevice& on, const std::vector<Tensor>& inputs,
                             const SamplerOptions& options = {}) {
    OpenDevices devices(*on.device);
    ReferenceCache references;
    RunnerHere here(devices, references);
    const Cell cell{on.variant, on.problem, &on.device->info()};
    RunnerEvents events;
    events.about_to = [](const Intent&) {};
    events.stop = [] { return false; };
    return here.run_given(cell, given_inputs(cell, inputs), options, events);
}

}  // namespace stele::test
