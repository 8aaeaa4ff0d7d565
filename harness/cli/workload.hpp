// What a command line selects: problems, and the cells of variant × problem × device.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/catalog/device_set.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/cli/selection.hpp"
#include "harness/measure/memory.hpp"
#include "harness/measure/runner.hpp"
#include "harness/tuning/book.hpp"

namespace stele {

struct Workload {
    std::vector<std::unique_ptr<Problem>> problems;
    std::vector<Cell> cells;                 ///< to run; they point into `problems`
    std::vector<Measurement> left_out;       ///< skipped before running, each with its reason
    std::vector<const DeviceInfo*> devices;  ///< that have a cell
};

/// What a selection names, problem by problem: texts given, or the suites' where it has none; each once. Throws
/// ProblemError.
struct OwnedProblem {
    const Operation* operation;
    std::unique_ptr<Problem> problem;
};
std::vector<OwnedProblem> select_problems(const std::vector<const Operation*>& operations, const Selection& selection,
                                          const std::vector<Suite>& suites);

/// As DeviceSet::select(); `timed` leaves devices alone that are for results only, and throws BadInput if
/// no other was selected.
std::vector<const DeviceInfo*> select_devices(const DeviceSet& devices, const std::vector<std::string>& patterns,
                                              bool timed);

/// Cells in the order operation, problem, variant, device. A variant that no selected device speaks is left out with an
/// empty device. `suites` are used where `selection` names no problem. `timed` leaves devices alone that are for
/// results only. With `tuning`, a variant selected without a tile gets the one that it chooses, and the measurement
/// says where from. Throws BadInput, RegistryError and ProblemError.
Workload make_workload(const Registry& registry, const DeviceSet& devices, const Selection& selection,
                       const std::vector<Suite>& suites, const SamplerOptions& options, bool timed,
                       const TuningBook* tuning = nullptr);

/// Takes a device out of a run: each of its cells is left out as an error, with the reason.
void give_up(Workload& workload, const DeviceInfo& device, const SamplerOptions& options, const std::string& reason);

/// Checks the clock of each device of a run, by id. One that cannot be asked, as its compiler fails, or that lies, is
/// given up, and the others go on.
std::map<std::string, ClockCheck> check_clocks(CellRunner& runner, Workload& workload, const SamplerOptions& options);

/// The problem that `text` is for one of `operations`. Throws ProblemError if none can read it, or several can.
OwnedProblem parse_problem(const std::string& text, const std::vector<const Operation*>& operations);

}  // namespace stele
