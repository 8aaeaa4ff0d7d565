#include "harness/base/paired.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <stdexcept>

namespace stele {

namespace {

// As in statistics.cpp: no long double, which says nothing more of a few pairs.
using PairsT =
    boost::math::students_t_distribution<double,
                                         boost::math::policies::policy<boost::math::policies::promote_double<false>>>;

void require_pairs(std::size_t pairs) {
    if (pairs < 2) throw std::invalid_argument("fewer than two pairs have no spread");
}

}  // namespace

double interval_reach(double deviation, std::size_t pairs, double alpha) {
    require_pairs(pairs);
    const PairsT distribution(static_cast<double>(pairs - 1));
    // The complement keeps its digits where alpha is tiny.
    const double quantile = boost::math::quantile(boost::math::complement(distribution, alpha / 2));
    return quantile * deviation / std::sqrt(static_cast<double>(pairs));
}

PairedTest paired_t(std::span<const double> differences, double confidence) {
    require_pairs(differences.size());
    const auto n = static_cast<double>(differences.size());
    PairedTest test;
    for (const double difference : differences) test.mean += difference / n;
    double squares = 0;
    for (const double difference : differences) squares += (difference - test.mean) * (difference - test.mean);
    test.deviation = std::sqrt(squares / (n - 1));
    const double reach = interval_reach(test.deviation, differences.size(), 1 - confidence);
    test.interval = {test.mean - reach, test.mean + reach, confidence};
    const double error = test.deviation / std::sqrt(n);
    if (error > 0)
        test.p = 2 * boost::math::cdf(boost::math::complement(PairsT(n - 1), std::abs(test.mean) / error));
    else
        test.p = test.mean == 0 ? 1 : 0;
    return test;
}

std::size_t pairs_for_reach(double deviation, double reach, double alpha, std::size_t most) {
    const auto reaches_too_far = [&](std::size_t pairs) { return interval_reach(deviation, pairs, alpha) >= reach; };
    if (!(reach > 0) || reaches_too_far(most)) return 0;
    // It shrinks with every pair.
    std::size_t too_few = 1, enough = most;
    while (enough - too_few > 1) {
        const std::size_t middle = (too_few + enough) / 2;
        (reaches_too_far(middle) ? too_few : enough) = middle;
    }
    return enough;
}

double least_sign_flip_p(std::size_t pairs) { return std::min(1.0, std::exp2(1 - static_cast<double>(pairs))); }

std::size_t pairs_for_sign_flips(std::size_t tests, double alpha) {
    std::size_t pairs = 1;
    while (least_sign_flip_p(pairs) * static_cast<double>(std::max<std::size_t>(tests, 1)) >= alpha) ++pairs;
    return pairs;
}

}  // namespace stele
