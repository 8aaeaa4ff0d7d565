#include "harness/base/round_bootstrap.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <stdexcept>

namespace stele {

namespace {

/// Draws the median of a resample without drawing the resample. Of n draws from n sorted samples (of an odd number of
/// draws, so that the median is one of them) it is at or below the k-th if the middle one of them is: if at least
/// (n+1)/2 fall there, each with probability k/n.
class ResampledMedian {
public:
    explicit ResampledMedian(std::span<const double> samples) : log_sorted_(samples.begin(), samples.end()) {
        if (samples.empty() || !(*std::ranges::min_element(samples) > 0))
            throw std::invalid_argument("a bootstrap of ratios needs positive samples");
        std::ranges::sort(log_sorted_);
        for (double& sample : log_sorted_) sample = std::log(sample);
        using Draws = boost::math::binomial_distribution<
            double, boost::math::policies::policy<boost::math::policies::promote_double<false>>>;
        const std::size_t draws = samples.size() - (samples.size() + 1) % 2;
        for (std::size_t k = 1; k < samples.size(); ++k) {
            const Draws at_or_below(static_cast<double>(draws),
                                    static_cast<double>(k) / static_cast<double>(samples.size()));
            up_to_.push_back(
                boost::math::cdf(boost::math::complement(at_or_below, static_cast<double>((draws - 1) / 2))));
        }
    }

    double draw_log(SeededDraws& draws) const {
        const double uniform = static_cast<double>(draws.bits() >> 11) * 0x1p-53;
        return log_sorted_[static_cast<std::size_t>(std::ranges::upper_bound(up_to_, uniform) - up_to_.begin())];
    }

private:
    std::vector<double> log_sorted_;
    std::vector<double> up_to_;  ///< probability that the median is at most this one; the last one's is 1
};

}  // namespace

Interval round_bootstrap(std::span<const RoundPair> rounds, std::uint64_t seed, double confidence, int resamples) {
    if (rounds.empty()) throw std::invalid_argument("a bootstrap needs a round");
    std::vector<ResampledMedian> base, other;
    for (const RoundPair& round : rounds) {
        base.emplace_back(round.base);
        other.emplace_back(round.other);
    }
    SeededDraws draws(seed);
    std::vector<double> means(static_cast<std::size_t>(resamples));
    for (double& mean : means) {
        for (std::size_t drawn = 0; drawn < rounds.size(); ++drawn) {
            const std::size_t round = draws.below(rounds.size());
            const double above = other[round].draw_log(draws);
            mean += (above - base[round].draw_log(draws)) / static_cast<double>(rounds.size());
        }
    }
    std::ranges::sort(means);
    const auto skip = static_cast<std::size_t>((1 - confidence) / 2 * static_cast<double>(means.size()));
    return {means[skip], means[means.size() - 1 - skip], confidence};
}

}  // namespace stele
