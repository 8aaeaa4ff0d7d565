// Samples that fall into two heaps: the same code at two speeds, as of two layouts of memory or two clocks.
#pragma once

#include <optional>
#include <span>

namespace stele {

struct TwoModes {
    double fast = 0, slow = 0;  ///< means of the heaps
    double slow_share = 0;      ///< of the samples
};

/// The two heaps that the best cut makes (Otsu, IEEE Trans. Syst. Man Cybern. 9, 1979), if it explains more than 85 %
/// of the variance: of an even spread it explains 75 %, of a normal one 64 %. None where a heap has less than a tenth,
/// or the heaps are nearer than `least_ratio` of each other.
std::optional<TwoModes> two_modes(std::span<const double> samples, double least_ratio);

/// The same two heaps on both sides, filled differently: how the share of the slow one has changed.
std::optional<double> mode_shift(std::span<const double> base, std::span<const double> other, double least_ratio);

}  // namespace stele
