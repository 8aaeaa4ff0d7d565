// What is asked of a device that Stele has never met, in the order in which the answers matter.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "backends/backend.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/study/steps.hpp"

namespace stele {

struct ContactOptions {
    std::string stele;                       ///< path of this program
    std::filesystem::path folder;            ///< of what comes out
    std::vector<const DeviceInfo*> devices;  ///< that are met
    std::string bounded;                     ///< folder of the kernels with bounded waits; empty: not there
    std::string gpu_tests;                   ///< path of the tests of instructions; empty: not there
    std::vector<std::string> tests;          ///< their names
    std::string profiler;                    ///< path of ncu; empty: not there
    int nothing_ran = 0;                     ///< what `stele verify` ends with where nothing ran
    std::size_t together = 1;                ///< variants that are verified at the same time
};

/// What is here; instructions, one at a time; correctness, a process a variant, smoke problems of all before edge
/// problems; speed, the first questions first; counters. In a family of rungs (gemm/hopper/…) each rung needs the one
/// before it.
std::vector<StepGroup> contact_steps(const Registry& registry, const ContactOptions& options);

/// At most `most_lines` lines for people, the most important last: what was left out, what is not right and what that
/// points to, then what was measured.
std::vector<std::string> contact_summary(const std::vector<StepGroup>& groups, std::span<const StepResult> results,
                                         const std::filesystem::path& folder, std::size_t most_lines = 80);

}  // namespace stele
