#include "harness/base/resampled_median.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <stdexcept>
#include <unordered_map>

namespace stele {

namespace {

/// Of n samples, for the first n − 1 of them.
std::vector<double> chances(std::size_t n) {
    using Draws =
        boost::math::binomial_distribution<double,
                                           boost::math::policies::policy<boost::math::policies::promote_double<false>>>;
    const std::size_t draws = n - (n + 1) % 2;
    const std::size_t below_middle = (draws - 1) / 2;
    std::vector<double> up_to;
    for (std::size_t k = 1; k < n; ++k) {
        const Draws at_or_below(static_cast<double>(draws), static_cast<double>(k) / static_cast<double>(n));
        up_to.push_back(boost::math::cdf(boost::math::complement(at_or_below, static_cast<double>(below_middle))));
    }
    return up_to;
}

/// They depend on the number of samples alone, and rounds of a report often have the same: a thousand binomial
/// distributions are milliseconds.
std::shared_ptr<const std::vector<double>> known_chances(std::size_t n) {
    thread_local std::unordered_map<std::size_t, std::shared_ptr<const std::vector<double>>> known;
    auto& entry = known[n];
    if (!entry) entry = std::make_shared<const std::vector<double>>(chances(n));
    return entry;
}

}  // namespace

ResampledMedian::ResampledMedian(std::span<const double> samples) : log_sorted_(samples.begin(), samples.end()) {
    if (samples.empty() || !(*std::ranges::min_element(samples) > 0))
        throw std::invalid_argument("a bootstrap of ratios needs positive samples");
    std::ranges::sort(log_sorted_);
    for (double& sample : log_sorted_) sample = std::log(sample);
    up_to_ = known_chances(samples.size());
}

double ResampledMedian::draw_log(SeededDraws& draws) const {
    const double uniform = static_cast<double>(draws.bits() >> 11) * 0x1p-53;
    return log_sorted_[static_cast<std::size_t>(std::ranges::upper_bound(*up_to_, uniform) - up_to_->begin())];
}

}  // namespace stele
