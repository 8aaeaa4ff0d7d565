#include "harness/study/modes.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace stele {

namespace {

constexpr double explained_demand = 0.85, least_share = 0.1;
/// A share that has moved by less is no shift.
constexpr double least_shift = 0.2;

}  // namespace

std::optional<TwoModes> two_modes(std::span<const double> samples, double least_ratio) {
    std::vector<double> sorted(samples.begin(), samples.end());
    std::ranges::sort(sorted);
    const auto n = static_cast<double>(sorted.size());
    double sum = 0, squares = 0;
    for (const double sample : sorted) sum += sample;
    const double mean = sum / n;
    for (const double sample : sorted) squares += (sample - mean) * (sample - mean);
    std::optional<TwoModes> best;
    double most = explained_demand * squares, below = 0;
    for (std::size_t cut = 1; cut < sorted.size(); ++cut) {
        below += sorted[cut - 1];
        const auto left = static_cast<double>(cut);
        const TwoModes heaps{below / left, (sum - below) / (n - left), (n - left) / n};
        const double between = left * (n - left) / n * (heaps.slow - heaps.fast) * (heaps.slow - heaps.fast);
        const bool both_have_some = heaps.slow_share >= least_share && heaps.slow_share <= 1 - least_share;
        if (between <= most || !both_have_some || heaps.slow < least_ratio * heaps.fast) continue;
        most = between;
        best = heaps;
    }
    return best;
}

std::optional<double> mode_shift(std::span<const double> base, std::span<const double> other, double least_ratio) {
    const auto before = two_modes(base, least_ratio), after = two_modes(other, least_ratio);
    if (!before || !after) return std::nullopt;
    const double near = (before->slow - before->fast) / 4;
    const bool same = std::abs(before->fast - after->fast) < near && std::abs(before->slow - after->slow) < near;
    const double shift = after->slow_share - before->slow_share;
    if (!same || std::abs(shift) < least_shift) return std::nullopt;
    return shift;
}

}  // namespace stele
