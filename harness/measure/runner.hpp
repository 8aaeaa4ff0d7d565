// Runs cells: verified, then timed in interleaved passes, here or in another process.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "harness/catalog/device_set.hpp"
#include "harness/measure/cell.hpp"
#include "harness/measure/options.hpp"
#include "harness/measure/phase.hpp"
#include "harness/measure/references.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

enum class Work {
    verify,   ///< each cell on fresh inputs; no timing
    bench,    ///< verified, timed in shuffled interleaved passes, verified again on fresh inputs; only then has it a
              ///< timing
    profile,  ///< verified, then run once, after one untimed execution, in a named range of its device
};
constexpr auto name_list(Work) {
    return name_rows<Work>({{Work::verify, "verify"}, {Work::bench, "bench"}, {Work::profile, "profile"}});
}

/// What a runner is about to do with a cell, told before it does it: who is not heard of again died of this.
struct Intent {
    Phase phase = Phase::verify;
    std::size_t cell = 0;    ///< its place among the cells that were given
    std::uint32_t pass = 0;  ///< sample
    std::size_t active = 1;  ///< sample, warm_up: cells that take part
    double seconds = 0;      ///< warm_up: since its start
    std::uint64_t step = 0;  ///< of a worker: counts its intents
};

/// One sample of a cell.
struct Sample {
    double ns = 0;  ///< of one execution
    std::uint32_t pass = 0;
    ClockState clock;
    double stolen_ms = 0;  ///< time that a hypervisor gave to others meanwhile
};

struct RunnerEvents {
    std::function<void(const Intent& intent)> about_to;
    /// Once a cell, when nothing more will be done with it, in any order.
    std::function<void(std::size_t cell, Measurement measurement)> finished;
    /// Asked before each step: true to end early. What is measured is kept, the rest is never finished.
    std::function<bool()> stop;
    std::function<void(std::size_t cell, const Sample& sample)> sampled = [](std::size_t, const Sample&) {};
    /// A cell failed in its turn, and others wait for theirs: told before anything else runs.
    std::function<void(std::size_t cell, const Verdict& verdict)> failed = [](std::size_t, const Verdict&) {};
};

/// What a cell runs on, and what must come out.
struct Given {
    ReferenceCache::Inputs inputs;
    ReferenceCache::Expectations expected;
};

/// One verified run on given inputs (`stele run`).
struct GivenRun {
    Measurement measurement;
    std::vector<Tensor> outputs;  ///< empty where nothing ran
};

/// Where devices are and cells run.
class CellRunner {
public:
    virtual ~CellRunner() = default;
    CellRunner(const CellRunner&) = delete;
    CellRunner& operator=(const CellRunner&) = delete;

    /// Looks for devices.
    virtual FoundDevices found() = 0;
    /// Throws DeviceError, and Failed where no answer came.
    virtual ClockCheck check_clock(const DeviceInfo& device) = 0;
    /// Cells of one problem, at least one. What goes wrong with a cell is its verdict, and nothing is thrown for it.
    virtual void run(Work work, std::span<const Cell> cells, const SamplerOptions& options,
                     const RunnerEvents& events) = 0;
    /// One checked run on given inputs. Its problem is the one that these inputs make.
    virtual GivenRun run_given(const Cell& cell, const Given& given, const SamplerOptions& options,
                               const RunnerEvents& events) = 0;
    /// What follows is another round: where there is a choice, in a process that has done nothing before.
    virtual void begin_round() {}

protected:
    CellRunner() = default;
};

/// Called between cells and passes: progress for people, and whether to stop (Ctrl-C).
struct Watcher {
    std::function<void(const std::string& line)> progress = [](const std::string&) {};
    std::function<bool()> stop = [] { return false; };
    /// A cell's measurement, as soon as it is made; `cell` is its place among those that were given.
    std::function<void(std::size_t cell, const Measurement& measurement)> finished = [](std::size_t,
                                                                                        const Measurement&) {};
};

/// Cells of any problems, problem by problem in the order of their first cells. One measurement a cell, in the cells'
/// order; those that were not reached when the watcher said stop are left out.
std::vector<Measurement> run_cells(CellRunner& runner, Work work, std::span<const Cell> cells,
                                   const SamplerOptions& options, const Watcher& watcher);

/// Throws ProblemError if `inputs`, in the order of Problem::tensors(), are not a valid input of the problem.
Given given_inputs(const Cell& cell, std::vector<Tensor> inputs);

}  // namespace stele
