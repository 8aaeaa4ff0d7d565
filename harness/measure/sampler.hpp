// The cells of a run: verified, then timed in interleaved rounds.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/backend.hpp"
#include "harness/record/measurement.hpp"
#include "kernels/operation.hpp"

namespace stele {

class ReferenceCache;

/// A variant on a problem on a device. References outlive the run.
struct Cell {
    const Variant* variant = nullptr;
    const Problem* problem = nullptr;
    Device* device = nullptr;
    std::optional<std::string> tuning{};  ///< which entry chose the tile; goes into the measurement
};

struct SamplerOptions {
    std::uint64_t seed = 1;
    Fill fill = Fill::normal;
    CacheMode cache = CacheMode::cold;
    Regime regime = Regime::burst;
    double interval = 0.005;  ///< stop when the 95 % interval of the median is within ± this share
    /// Wall time spent timing one cell, once it has its least samples; a slow cell that cannot have them in four times
    /// this long stops short of them.
    double cell_seconds = 0.5;
    std::uint32_t least_samples = 5, most_samples = 1000;
    /// One execution longer than this is a timeout. Seen after the fact: no runtime can stop a kernel that runs.
    double cell_timeout_seconds = 30;
    double warmup_seconds = 10;  ///< sustained regime: run at least this long before the first sample
};

/// Called between cells and rounds: progress for people, and whether to stop (Ctrl-C).
struct Watcher {
    std::function<void(const std::string& line)> progress = [](const std::string&) {};
    std::function<bool()> stop = [] { return false; };
};

/// A measurement with everything but a verdict.
Measurement blank_measurement(const Variant& variant, const Problem& problem, const std::string& device,
                              const SamplerOptions& options);

/// Verifies each cell on fresh inputs; no timing. One measurement a cell, in order.
std::vector<Measurement> verify_cells(const std::vector<Cell>& cells, const SamplerOptions& options,
                                      const Watcher& watcher);
/// The same with references kept from call to call, for who verifies variant by variant.
std::vector<Measurement> verify_cells(const std::vector<Cell>& cells, const SamplerOptions& options,
                                      const Watcher& watcher, ReferenceCache& references);

/// Verifies, times in shuffled interleaved rounds, and verifies again on fresh inputs. A cell that does not pass both
/// has no timing. Cells that were not reached when `stop` turned true are left out.
std::vector<Measurement> bench_cells(const std::vector<Cell>& cells, const SamplerOptions& options,
                                     const Watcher& watcher);
/// The same with references kept from call to call.
std::vector<Measurement> bench_cells(const std::vector<Cell>& cells, const SamplerOptions& options,
                                     const Watcher& watcher, ReferenceCache& references);

/// Runs each cell once, after one untimed execution, in a named range of its device for outside profilers. Verdicts as
/// verify_cells() gives them; a cell that does not pass is not profiled.
std::vector<Measurement> profile_cells(const std::vector<Cell>& cells, const SamplerOptions& options,
                                       const Watcher& watcher);

/// One verified run on given inputs (`stele run`).
struct VerifiedRun {
    Measurement measurement;
    std::vector<Tensor> outputs;  ///< empty where nothing ran
};
/// `inputs` in the order of Problem::tensors(). Throws ProblemError if they are not a valid input of the problem.
VerifiedRun run_cell(const Cell& cell, const std::vector<Tensor>& inputs, const SamplerOptions& options);

}  // namespace stele
