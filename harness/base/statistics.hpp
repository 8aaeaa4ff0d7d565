// Medians, their intervals, and ratios: what can be said from samples, without assuming how they are distributed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace stele {

struct Interval {
    double low = 0, high = 0;
    double coverage = 0;  ///< probability that it holds the true value; may be more or less than was asked for
};

/// Of at least one sample; std::invalid_argument otherwise.
double median(std::span<const double> samples);

/// The nonparametric interval of the median between two order statistics (Conover, Practical Nonparametric Statistics,
/// 3.2): the number of samples below the median is binomial with p = 1/2, whatever the distribution. The narrowest
/// symmetric pair that covers at least `confidence`; fewer than six samples cannot cover 95 %, then the whole range
/// with the coverage that it has. `sorted` ascending, at least one; std::invalid_argument otherwise.
Interval median_interval(std::span<const double> sorted, double confidence = 0.95);

struct Ratio {
    double estimate = 1;
    Interval interval;
};

/// median(a) / median(b), with the percentile interval of a seeded bootstrap (Efron and Tibshirani, An Introduction to
/// the Bootstrap, 13.3). For samples of one process: what differs between processes is not in it.
Ratio median_ratio(std::span<const double> a, std::span<const double> b, std::uint64_t seed, double confidence = 0.95,
                   int resamples = 2000);

/// The ratio of pairs, exp of the mean of their log-ratios, with the paired-t interval. At least two pairs of positive
/// numbers; std::invalid_argument otherwise.
Ratio paired_ratio(std::span<const double> a, std::span<const double> b, double confidence = 0.95);

/// Two-sided p of the mean under flips of the signs of `differences` (Fisher's randomisation test): exact up to 20
/// differences, beyond that over 2^16 seeded flips. Never below one in the number of flips.
double sign_flip_p(std::span<const double> differences, std::uint64_t seed);

/// Numbers from a seed, the same on every machine (SplitMix64: Steele, Lea and Flood, OOPSLA 2014).
class SeededDraws {
public:
    explicit SeededDraws(std::uint64_t seed) : state_(seed) {}
    std::uint64_t bits();
    /// Uniform in [0, count); `count` at least 1.
    std::size_t below(std::size_t count);

    /// Fisher and Yates' shuffle.
    template <typename T>
    void shuffle(std::vector<T>& items) {
        for (std::size_t left = items.size(); left > 1; --left) std::swap(items[left - 1], items[below(left)]);
    }

private:
    std::uint64_t state_;
};

}  // namespace stele
