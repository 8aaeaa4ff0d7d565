// Differences of pairs: their mean with its interval and p, and how many pairs an answer takes.
#pragma once

#include <cstddef>
#include <span>

#include "harness/base/statistics.hpp"

namespace stele {

struct PairedTest {
    double mean = 0;
    double deviation = 0;  ///< of one difference: the samples' standard deviation
    Interval interval;     ///< of the mean
    double p = 1;          ///< two-sided, that the mean is 0
};

/// Student's t over the differences of at least two pairs; std::invalid_argument otherwise. Where all are equal there
/// is no spread to judge by: p is 1 where they are 0, else 0.
PairedTest paired_t(std::span<const double> differences, double confidence = 0.95);

/// How far the interval of a mean reaches to either side: t(1 - alpha/2, pairs - 1) · deviation / √pairs. At least two
/// pairs; std::invalid_argument otherwise.
double interval_reach(double deviation, std::size_t pairs, double alpha);

/// The fewest pairs whose interval reaches less far than `reach`, if they spread as these do; 0: more than `most`.
std::size_t pairs_for_reach(double deviation, double reach, double alpha, std::size_t most = 1000);

/// The smallest p that a test of flipped signs can give: 2 of 2^pairs.
double least_sign_flip_p(std::size_t pairs);

/// The fewest pairs at which least_sign_flip_p() stays below `alpha` after a correction for `tests` tests.
std::size_t pairs_for_sign_flips(std::size_t tests, double alpha);

}  // namespace stele
