// All cells of one problem: they share its operands and references, and are timed in interleaved rounds.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/measure/executor.hpp"
#include "harness/measure/sampler.hpp"
#include "harness/measure/timing.hpp"
#include "harness/measure/verdict.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

/// One cell while its problem is worked on.
struct CellState {
    CellState(std::size_t position, const Cell& given, const SamplerOptions& options);

    std::size_t index;  ///< in the run's list of cells
    Cell cell;
    Measurement measurement;
    std::unique_ptr<LoadedPlan> plan;
    std::vector<GuardedBuffer*> scratch;
    std::unique_ptr<CellTimer> timer;
    double first_launch_ns = 0;
    std::uint64_t output_fingerprint = 0;

    bool passed() const { return measurement.verdict.outcome == Outcome::passed; }
    void fail(Outcome outcome, std::string reason);
    /// Runs `work`; what it throws becomes the verdict.
    template <typename F>
    void guarded(F&& work) {
        try {
            work();
        } catch (const std::exception& error) {
            measurement.verdict = verdict_of(error);
        }
    }
    /// "gemm/tiled.cuda@128x128 on m=… (cuda:0)"
    std::string title() const;
};

class CellGroup {
public:
    /// At least one cell, all of one problem. The references outlive the group.
    CellGroup(std::vector<CellState> cells, const SamplerOptions& options, const Watcher& watcher,
              ReferenceCache& references);

    void verify();
    void bench();
    void profile();

    /// Puts each measurement at its cell's index. Cells that were not reached before the watcher said stop, or have no
    /// sample for it, are left out.
    void collect(std::vector<std::optional<Measurement>>& out) const;

private:
    ReferenceCache::Inputs inputs();
    Workspace& workspace(Device& device);
    void check_first(CellState& state);
    CheckedRun check(CellState& state, std::uint64_t seed);
    void prepare_timers();
    std::vector<CellState*> active();
    void warm_up();
    void sample_in_rounds();
    void finish(CellState& state);
    void keep_timing(CellState& state);

    // The order matters: plans go before the workspaces whose buffers they are bound to.
    std::map<Device*, std::unique_ptr<Workspace>> workspaces_;
    std::vector<CellState> cells_;
    const SamplerOptions& options_;
    const Watcher& watcher_;
    ReferenceCache& references_;
    std::size_t reached_ = 0;
    std::vector<bool> left_out_;
};

}  // namespace stele
