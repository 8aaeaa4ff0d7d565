// The ratio of two sides by resampling, over rounds and within them: a second opinion that assumes no distribution.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/base/statistics.hpp"

namespace stele {

/// The samples of both sides in one round, each at least one, positive.
struct RoundPair {
    std::span<const double> base, other;
};

/// The mean over rounds of log(median of other ÷ median of base), with the percentile interval of a bootstrap that
/// draws rounds, and in each the samples of both sides (Davison and Hinkley, Bootstrap Methods and their
/// Application, 3.8). With few rounds it is too narrow, as every percentile interval is. At least one round;
/// std::invalid_argument otherwise.
Interval round_bootstrap(std::span<const RoundPair> rounds, std::uint64_t seed, double confidence = 0.95,
                         int resamples = 1000);

}  // namespace stele
