// One variant's speed over another's, over all reports that timed both: a ratio a problem, and their geometric mean.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/study/side_by_side.hpp"

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
    std::size_t problem = 0;     ///< index among the problems
    std::vector<double> ratios;  ///< ascending, at least one
    double median = 1;
};

struct RatioSummary {
    std::vector<ProblemRatio> problems;
    /// Of the problems' medians; 1 where there is none.
    double geometric_mean = 1;
};

RatioSummary summarise_ratio(std::span<const ProblemSides> problems, const RatioPair& pair);

}  // namespace stele
