#include "harness/base/statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <stdexcept>

namespace stele {
namespace {

/// Boost.Math would do all in long double, which is compiled again and says nothing more of a few samples.
using InDouble = boost::math::policies::policy<boost::math::policies::promote_double<false>>;
using Binomial = boost::math::binomial_distribution<double, InDouble>;
using StudentsT = boost::math::students_t_distribution<double, InDouble>;

void require_samples(std::span<const double> samples, std::size_t least = 1) {
    if (samples.size() < least) throw std::invalid_argument("too few samples");
}

/// Rearranges `samples`.
double median_in_place(std::vector<double>& samples) {
    const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
    std::nth_element(samples.begin(), middle, samples.end());
    if (samples.size() % 2 == 1) return *middle;
    return 0.5 * (*middle + *std::max_element(samples.begin(), middle));
}

std::vector<double> log_ratios(std::span<const double> a, std::span<const double> b) {
    if (a.size() != b.size()) throw std::invalid_argument("pairs need as many of one side as of the other");
    std::vector<double> out;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!(a[i] > 0 && b[i] > 0)) throw std::invalid_argument("a ratio needs positive numbers");
        out.push_back(std::log(a[i] / b[i]));
    }
    return out;
}

double mean(std::span<const double> values) {
    double sum = 0;
    for (double value : values) sum += value;
    return sum / static_cast<double>(values.size());
}

}  // namespace

double median(std::span<const double> samples) {
    require_samples(samples);
    std::vector<double> copy(samples.begin(), samples.end());
    return median_in_place(copy);
}

Interval median_interval(std::span<const double> sorted, double confidence) {
    require_samples(sorted);
    const std::size_t n = sorted.size();
    const Binomial below(static_cast<double>(n), 0.5);
    // The interval from the (skip+1)-th smallest to the (skip+1)-th largest misses if at most `skip` samples lie on one
    // side of the median.
    const auto coverage = [&](std::size_t skip) { return 1 - 2 * boost::math::cdf(below, static_cast<double>(skip)); };
    std::size_t skip = 0;
    for (std::size_t beyond = (n + 1) / 2; beyond - skip > 1;) {
        const std::size_t middle = (skip + beyond) / 2;
        (coverage(middle) >= confidence ? skip : beyond) = middle;
    }
    return {sorted[skip], sorted[n - 1 - skip], coverage(skip)};
}

Ratio median_ratio(std::span<const double> a, std::span<const double> b, std::uint64_t seed, double confidence,
                   int resamples) {
    require_samples(a);
    require_samples(b);
    SeededDraws draws(seed);
    const auto resampled_median = [&](std::span<const double> samples) {
        std::vector<double> drawn(samples.size());
        for (double& value : drawn) value = samples[draws.below(samples.size())];
        return median_in_place(drawn);
    };
    std::vector<double> ratios(static_cast<std::size_t>(resamples));
    for (double& ratio : ratios) {
        const double above = resampled_median(a);
        ratio = above / resampled_median(b);
    }
    std::sort(ratios.begin(), ratios.end());
    const auto skip = static_cast<std::size_t>((1 - confidence) / 2 * static_cast<double>(ratios.size()));
    return {median(a) / median(b), {ratios[skip], ratios[ratios.size() - 1 - skip], confidence}};
}

Ratio paired_ratio(std::span<const double> a, std::span<const double> b, double confidence) {
    const std::vector<double> logs = log_ratios(a, b);
    require_samples(logs, 2);
    const auto n = static_cast<double>(logs.size());
    const double centre = mean(logs);
    double squares = 0;
    for (double value : logs) squares += (value - centre) * (value - centre);
    const double error = std::sqrt(squares / (n - 1) / n);
    const StudentsT distribution(n - 1);
    const double reach = boost::math::quantile(distribution, 1 - (1 - confidence) / 2) * error;
    return {std::exp(centre), {std::exp(centre - reach), std::exp(centre + reach), confidence}};
}

double sign_flip_p(std::span<const double> differences, std::uint64_t seed) {
    require_samples(differences);
    constexpr std::size_t most_exact = 20;
    constexpr std::uint64_t drawn_flips = std::uint64_t{1} << 16;
    const auto sum_with = [&](auto&& negative) {
        double sum = 0;
        for (std::size_t i = 0; i < differences.size(); ++i) sum += negative(i) ? -differences[i] : differences[i];
        return std::abs(sum);
    };
    // Sums in another order of additions may differ in the last bits; they count as equal.
    const double observed = sum_with([](std::size_t) { return false; }) * (1 - 1e-12);
    const bool exact = differences.size() <= most_exact;
    const std::uint64_t flips = exact ? std::uint64_t{1} << differences.size() : drawn_flips;
    std::uint64_t as_far = 0;
    SeededDraws draws(seed);
    for (std::uint64_t flip = 0; flip < flips; ++flip) {
        const bool identity = flip == 0;  // counted always, so that p is never 0
        const double sum = sum_with(
            [&](std::size_t i) { return exact ? ((flip >> i) & 1) != 0 : !identity && (draws.bits() >> 63) != 0; });
        if (sum >= observed) ++as_far;
    }
    return static_cast<double>(as_far) / static_cast<double>(flips);
}

std::uint64_t SeededDraws::bits() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

std::size_t SeededDraws::below(std::size_t count) {
    // Draws from the incomplete last range are thrown away, so that every number is equally likely.
    const std::uint64_t range = count;
    const std::uint64_t rest = (~std::uint64_t{0} % range + 1) % range;
    std::uint64_t draw = bits();
    while (draw > ~std::uint64_t{0} - rest) draw = bits();
    return static_cast<std::size_t>(draw % range);
}

}  // namespace stele
