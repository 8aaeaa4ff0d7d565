// Runs cells: verified, then timed in interleaved passes, here or in another process.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "harness/measure/cell.hpp"
#include "harness/measure/options.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

class ReferenceCache;

enum class Work {
    verify,   ///< each cell on fresh inputs; no timing
    bench,    ///< verified, timed in shuffled interleaved passes, verified again on fresh inputs; only then has it a
              ///< timing
    profile,  ///< verified, then run once, after one untimed execution, in a named range of its device
};

enum class Phase { verify, prepare, warm_up, sample, check_again, profile };

/// What a runner is about to do with a cell, told before it does it: who is not heard of again died of this.
struct Intent {
    Phase phase = Phase::verify;
    std::size_t cell = 0;    ///< its place among the cells that were given
    std::uint32_t pass = 0;  ///< sample
    std::size_t active = 1;  ///< sample, warm_up: cells that take part
    double seconds = 0;      ///< warm_up: since its start
};

struct RunnerEvents {
    std::function<void(const Intent& intent)> about_to;
    /// Once a cell, when nothing more will be done with it, in any order.
    std::function<void(std::size_t cell, Measurement measurement)> finished;
    /// Asked before each step: true to end early. What is measured is kept, the rest is never finished.
    std::function<bool()> stop;
};

/// Where cells run.
class CellRunner {
public:
    virtual ~CellRunner() = default;
    CellRunner(const CellRunner&) = delete;
    CellRunner& operator=(const CellRunner&) = delete;

    /// Cells of one problem, at least one. What goes wrong with a cell is its verdict, and nothing is thrown for it.
    virtual void run(Work work, std::span<const Cell> cells, const SamplerOptions& options,
                     const RunnerEvents& events) = 0;

protected:
    CellRunner() = default;
};

/// Called between cells and passes: progress for people, and whether to stop (Ctrl-C).
struct Watcher {
    std::function<void(const std::string& line)> progress = [](const std::string&) {};
    std::function<bool()> stop = [] { return false; };
};

/// Cells of any problems, problem by problem in the order of their first cells. One measurement a cell, in the cells'
/// order; those that were not reached when the watcher said stop are left out.
std::vector<Measurement> run_cells(CellRunner& runner, Work work, std::span<const Cell> cells,
                                   const SamplerOptions& options, const Watcher& watcher);

/// In this process. References are kept from call to call where they are given.
std::vector<Measurement> verify_cells(const std::vector<Cell>& cells, const SamplerOptions& options,
                                      const Watcher& watcher);
std::vector<Measurement> verify_cells(const std::vector<Cell>& cells, const SamplerOptions& options,
                                      const Watcher& watcher, ReferenceCache& references);
std::vector<Measurement> bench_cells(const std::vector<Cell>& cells, const SamplerOptions& options,
                                     const Watcher& watcher);
std::vector<Measurement> bench_cells(const std::vector<Cell>& cells, const SamplerOptions& options,
                                     const Watcher& watcher, ReferenceCache& references);
std::vector<Measurement> profile_cells(const std::vector<Cell>& cells, const SamplerOptions& options,
                                       const Watcher& watcher);

/// One verified run on given inputs (`stele run`).
struct GivenRun {
    Measurement measurement;
    std::vector<Tensor> outputs;     ///< empty where nothing ran
    std::vector<Expected> expected;  ///< what they were judged by
};
/// `inputs` in the order of Problem::tensors(). Throws ProblemError if they are not a valid input of the problem.
GivenRun run_cell(const Cell& cell, const std::vector<Tensor>& inputs, const SamplerOptions& options);

}  // namespace stele
