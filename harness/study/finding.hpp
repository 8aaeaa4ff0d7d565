// From the rounds of two sides to what may be said of them. Numbers alone; knows no report.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "backends/names.hpp"
#include "harness/base/paired.hpp"
#include "harness/base/round_bootstrap.hpp"

namespace stele {

/// In the order of what matters most.
enum class Finding { regression, improved, inconclusive, same };
constexpr auto name_list(Finding) {
    return name_rows<Finding>({{Finding::regression, "REGRESSION"},
                               {Finding::improved, "IMPROVED"},
                               {Finding::inconclusive, "INCONCLUSIVE"},
                               {Finding::same, "SAME"}});
}

/// Of one cell, over its pairs of rounds: log(other ÷ base) of the medians. Above 0 the other is slower.
struct Effect {
    std::size_t pairs = 0;
    double log_ratio = 0;            ///< mean over the pairs
    std::optional<PairedTest> test;  ///< of them; none of a single pair
    double flip_p = 1;               ///< of flipped signs
    Interval bootstrap;              ///< over rounds and samples
};

/// At least one pair; std::invalid_argument otherwise. `seed`: of the bootstrap.
Effect effect_of(std::span<const RoundPair> rounds, std::uint64_t seed);

struct FindingRules {
    double margin = 0.02;  ///< a smaller change of time matters to nobody
    double alpha = 0.05;
    std::size_t tests = 1;  ///< made at once, for what a single pair of rounds lacks
    /// A change in either direction has half of it: whatever the margin, equal sides are a REGRESSION in at most 1 %.
    double verdict_alpha = 0.02;
};

struct Found {
    Finding finding = Finding::inconclusive;
    bool differs = false;    ///< adjusted p below alpha
    std::size_t rounds = 0;  ///< of each side that would settle it, if they spread as these do; 0: settled, or too many
    bool bootstrap_agrees = true;  ///< with the interval, on whether it holds 1
};

/// Differs: its p, adjusted for all tests, is below alpha. REGRESSION or IMPROVED: it is below verdict_alpha too, and
/// the estimate is at least the margin. SAME: the interval lies inside the margin on both sides of 1. Otherwise
/// INCONCLUSIVE.
Found finding_of(const Effect& effect, double adjusted_p, const FindingRules& rules);

}  // namespace stele
