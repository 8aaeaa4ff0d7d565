// The median of a resample of samples, drawn without drawing the resample: what a bootstrap over medians draws.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "harness/base/statistics.hpp"

namespace stele {

/// Of n draws from n sorted samples (of an odd number of draws, so that the median is one of them) the median is at or
/// below the k-th if the middle one of them is: if at least (n+1)/2 fall there, each with probability k/n.
class ResampledMedian {
public:
    /// At least one sample, all positive; std::invalid_argument otherwise.
    explicit ResampledMedian(std::span<const double> samples);

    /// Of a resample, as its natural logarithm.
    double draw_log(SeededDraws& draws) const;

private:
    std::vector<double> log_sorted_;
    std::shared_ptr<const std::vector<double>> up_to_;  ///< chance that the median is at most this one; the last's is 1
};

}  // namespace stele
