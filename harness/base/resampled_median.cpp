#include "harness/base/resampled_median.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <stdexcept>

namespace stele {

ResampledMedian::ResampledMedian(std::span<const double> samples) : log_sorted_(samples.begin(), samples.end()) {
    if (samples.empty() || !(*std::ranges::min_element(samples) > 0))
        throw std::invalid_argument("a bootstrap of ratios needs positive samples");
    std::ranges::sort(log_sorted_);
    for (double& sample : log_sorted_) sample = std::log(sample);
    using Draws =
        boost::math::binomial_distribution<double,
                                           boost::math::policies::policy<boost::math::policies::promote_double<false>>>;
    const std::size_t draws = samples.size() - (samples.size() + 1) % 2;
    const std::size_t below_middle = (draws - 1) / 2;
    for (std::size_t k = 1; k < samples.size(); ++k) {
        const Draws at_or_below(static_cast<double>(draws),
                                static_cast<double>(k) / static_cast<double>(samples.size()));
        up_to_.push_back(boost::math::cdf(boost::math::complement(at_or_below, static_cast<double>(below_middle))));
    }
}

double ResampledMedian::draw_log(SeededDraws& draws) const {
    const double uniform = static_cast<double>(draws.bits() >> 11) * 0x1p-53;
    return log_sorted_[static_cast<std::size_t>(std::ranges::upper_bound(up_to_, uniform) - up_to_.begin())];
}

}  // namespace stele
