// One variant's speed over another's, over all reports that timed both: a ratio a problem, and their geometric mean.
// Only what was timed under the same conditions is averaged.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/record/cell_key.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

/// Two variants, by their ids without a tile (any tile that was timed) or with one.
struct RatioPair {
    std::string variant, base;
};

/// "gemm/panel.opencl:gemm/vendor.openblas". Throws std::invalid_argument that says what is wrong with the text.
RatioPair parse_ratio_pair(std::string_view text);

/// Of one problem: base's time ÷ variant's time in each report that has both, above 1 where the variant is faster.
/// A report is one process, so these are the units that may be averaged.
struct ProblemRatio {
    std::string operation, problem;
    std::vector<double> ratios;  ///< ascending, at least one
    double median = 1;
};

/// What must be alike for ratios to be averaged: all conditions of both sides.
struct RatioConditions {
    CellKey variant, base;  ///< both without variant and problem
    /// "opencl:1, host:0", where a report has several devices that are the same by their keys; else empty.
    std::string devices;

    auto operator<=>(const RatioConditions&) const = default;
    /// "AMD EPYC (…), burst cold normal, opencl by Portable Computing Language with 2 threads on 0-1 ÷ host
    /// with 1 threads on 0-1".
    std::string label() const;
};

struct RatioSummary {
    RatioConditions conditions;
    std::vector<ProblemRatio> problems;  ///< at least one
    double geometric_mean = 1;           ///< of the problems' medians
};

/// One for each set of conditions, in the order of their first appearance; none where no report timed both.
std::vector<RatioSummary> summarise_ratio(std::span<const Report> reports, const RatioPair& pair);

/// Which reports hold the same run as one before them, that one's index with each. A run counts once.
struct RepeatedReport {
    std::size_t index, first;
};
std::vector<RepeatedReport> repeated_reports(std::span<const Report> reports);

}  // namespace stele
