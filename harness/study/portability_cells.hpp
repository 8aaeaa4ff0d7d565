// The cells that efficiencies are made of: by scope, device, problem and language.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "harness/base/resampled_median.hpp"
#include "harness/study/portability.hpp"
#include "harness/study/sides.hpp"

namespace stele {

/// A cell with a time.
struct TimedChoice {
    std::string variant;
    Language language;
    double ns = 0;
    std::vector<ResampledMedian> rounds;  ///< none: one execution that was too slow to be timed, taken as exact
    std::optional<double> ceiling_ns;     ///< that the work takes at the device's measured ceilings

    double draw_ns(SeededDraws& draws) const;
};

/// What was asked of one device.
struct AskedProblem {
    std::map<Language, std::string> asked;  ///< with why there is no time, or nothing
    std::vector<TimedChoice> choices;
};

struct ScopeCells {
    std::vector<PortabilityDevice> devices;                     ///< with a time in this scope
    std::vector<std::map<std::string, AskedProblem>> problems;  ///< of each device, those that something takes
    std::vector<std::set<Language>> spoken;                     ///< by the runtimes of each device
};

std::map<PortabilityScope, ScopeCells> portability_cells(std::span<const Report> reports);

}  // namespace stele
