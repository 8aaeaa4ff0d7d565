// Programs run one after the other under a budget of time, each contained; what is done is on disk at once.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "backends/names.hpp"

namespace stele {

/// One program to be run.
struct ContactStep {
    std::string name;                ///< "correct/gemm/tiled.cuda", unique
    std::vector<std::string> words;  ///< a path and its arguments
    double limit_seconds = 30;
    std::string needs;       ///< a step that has to be fine first; empty: none
    int nothing_to_do = -1;  ///< what its program ends with where it had nothing to do
};

/// Steps that share a part of the budget.
struct StepGroup {
    std::string name;
    double share = 0;                  ///< of the whole budget, at most; what is not used is the next groups'
    std::size_t together = 1;          ///< how many run at the same time
    std::vector<ContactStep> steps{};  ///< what matters most first
};

enum class StepOutcome { fine, nothing, failed, timeout, left_out };
constexpr auto name_list(StepOutcome) {
    return name_rows<StepOutcome>({{StepOutcome::fine, "fine"},
                                   {StepOutcome::nothing, "nothing to do"},
                                   {StepOutcome::failed, "failed"},
                                   {StepOutcome::timeout, "timeout"},
                                   {StepOutcome::left_out, "left out"}});
}

struct StepResult {
    std::string name;
    StepOutcome outcome = StepOutcome::left_out;
    std::string reason;  ///< empty when fine
    std::string output;  ///< the file of what it printed, in the folder
    double seconds = 0;
};

/// The results that stand in a folder's steps.json; none where there is no such file. Throws ReportError.
std::vector<StepResult> read_steps(const std::filesystem::path& folder);

/// Runs what is not in `folder` yet, and returns all results, in the steps' order. What was left out before is tried
/// again. `told` hears each step as it begins; `stop` ends early.
std::vector<StepResult> run_steps(const std::vector<StepGroup>& groups, double budget_seconds,
                                  const std::filesystem::path& folder,
                                  const std::function<void(const std::string& line)>& told,
                                  const std::function<bool()>& stop);

}  // namespace stele
