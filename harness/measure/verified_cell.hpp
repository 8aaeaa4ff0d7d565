// A cell whose first run was right, and the place where its problem's cells run and are checked.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/measure/cell.hpp"
#include "harness/measure/checked_run.hpp"
#include "harness/measure/loaded_plan.hpp"
#include "harness/measure/options.hpp"
#include "harness/measure/references.hpp"
#include "harness/measure/runner.hpp"
#include "harness/measure/workspace.hpp"

namespace stele {

struct VerifiedCell {
    Cell cell;
    Device* device = nullptr;
    std::size_t index = 0;  ///< among the cells of its problem
    LoadedPlan plan;
    std::vector<GuardedBuffer*> scratch;
    Verdict verdict;  ///< passed
    double first_launch_ns = 0;
    std::uint64_t output_fingerprint = 0;
};

struct FirstRun {
    Verdict verdict;
    std::vector<Tensor> outputs;           ///< empty where nothing ran to its end
    std::string ran;                       ///< Plan::ran, where a plan was made
    std::optional<VerifiedCell> verified;  ///< if the verdict is passed
};

/// One problem on the devices where it is run: operands that all its cells there share, one after the other. Outlives
/// its cells, whose plans are bound to these operands.
class ProblemPlace {
public:
    using AboutTo = std::function<void(Phase phase, std::size_t cell)>;

    /// Problem, options, devices and references outlive the place. `about_to` is told each step of a cell.
    ProblemPlace(const Problem& problem, const SamplerOptions& options, OpenDevices& devices,
                 ReferenceCache& references, AboutTo about_to);

    /// Throws DeviceError.
    Workspace& workspace(Device& device);
    ReferenceCache::Inputs inputs() const { return references_.inputs(problem_, options_.seed, options_.fill); }

    /// The first check. Throws nothing: what goes wrong is the verdict.
    FirstRun first_run(const Cell& cell, std::size_t index = 0);
    /// On inputs from outside.
    FirstRun first_run(const Cell& cell, const Given& given);
    /// The check after timing, on fresh inputs: the verdict of the cell.
    Verdict check_again(const VerifiedCell& verified);

private:
    Given drawn(const Cell& cell, std::uint64_t seed) const;
    CheckedRun check(const Cell& cell, std::size_t index, Device& device, const LoadedPlan& plan,
                     const std::vector<GuardedBuffer*>& scratch, const Given& given);
    template <typename MakeGiven>
    FirstRun first_run_on(const Cell& cell, std::size_t index, MakeGiven&& make_given);

    const Problem& problem_;
    const SamplerOptions& options_;
    OpenDevices& devices_;
    ReferenceCache& references_;
    AboutTo about_to_;
    std::map<Device*, std::unique_ptr<Workspace>> workspaces_;
};

}  // namespace stele
