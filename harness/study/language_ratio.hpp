// What a language reaches on a problem, its fastest variant, beside what another reaches.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "harness/base/statistics.hpp"
#include "harness/study/side_by_side.hpp"

namespace stele {

struct LanguageBest {
    Language language;
    std::size_t cell = 0;  ///< its place in the problem's cells: the fastest in any report
    double median_ns = 0;
};

/// The languages that have a time, the fastest first.
std::vector<LanguageBest> language_bests(const ProblemSides& problem);

/// The fastest of them that kernels of the suite are written in; null where there is none.
const LanguageBest* best_kernel(std::span<const LanguageBest> bests);

struct LanguageRatio {
    Ratio ratio;            ///< of times: above 1 the language is slower than the reference
    std::size_t pairs = 0;  ///< of processes that the interval is from; 1: of the samples of a single one
    double margin = 0;      ///< a smaller difference matters to nobody, or is what equal sides differ by there

    /// The interval excludes 1, and the ratio is beyond the margin.
    bool is_clear() const;
};

/// Over the reports that timed both, the fastest variant of each in each. From two processes on the paired-t interval
/// of the log-ratios; of one the medians' own intervals put together as Donner and Zou do (MOVER; Closed-form
/// confidence intervals for functions of the normal mean and standard deviation, Statistical Methods in Medical
/// Research 21, 2012). Nothing where no report timed both.
std::optional<LanguageRatio> language_ratio(const ProblemSides& problem, std::span<const Report> reports,
                                            Language language, Language reference);

}  // namespace stele
