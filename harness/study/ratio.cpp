#include "harness/study/ratio.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <stdexcept>

#include "harness/base/statistics.hpp"
#include "kernels/former_ids.hpp"

namespace stele {

namespace {

bool is_meant(const std::string& named, const std::string& variant) {
    return variant == named || std::string_view(variant).substr(0, variant.find('@')) == named;
}

/// Times of the named variant by report; of several tiles the fastest.
std::map<std::size_t, double> times_of(const ProblemSides& problem, const std::string& named) {
    std::map<std::size_t, double> times;
    for (const CellSide& cell : problem.cells) {
        if (!is_meant(named, cell.variant) || cell.measurement == nullptr || !cell.measurement->timing) continue;
        const double median_ns = cell.measurement->timing->median_ns;
        const auto [place, is_new] = times.emplace(cell.report, median_ns);
        if (!is_new) place->second = std::min(place->second, median_ns);
    }
    return times;
}

}  // namespace

RatioPair parse_ratio_pair(std::string_view text) {
    const std::size_t colon = text.find(':');
    RatioPair pair{std::string(text.substr(0, colon)),
                   colon == std::string_view::npos ? std::string() : std::string(text.substr(colon + 1))};
    if (pair.variant.empty() || pair.base.empty() || pair.base.find(':') != std::string::npos)
        throw std::invalid_argument(
            fmt::format("'{}' is not two variants with a colon between, such as "
                        "gemm/panel.opencl:gemm/vendor.openblas",
                        text));
    pair.variant = present_id(pair.variant);
    pair.base = present_id(pair.base);
    return pair;
}

RatioSummary summarise_ratio(std::span<const ProblemSides> problems, const RatioPair& pair) {
    RatioSummary summary;
    double logs = 0;
    for (std::size_t i = 0; i < problems.size(); ++i) {
        const auto of_variant = times_of(problems[i], pair.variant), of_base = times_of(problems[i], pair.base);
        ProblemRatio row{i, {}, 1};
        for (const auto& [report, time] : of_variant)
            if (const auto base = of_base.find(report); base != of_base.end())
                row.ratios.push_back(base->second / time);
        if (row.ratios.empty()) continue;
        std::ranges::sort(row.ratios);
        row.median = median(row.ratios);
        logs += std::log(row.median);
        summary.problems.push_back(std::move(row));
    }
    if (!summary.problems.empty())
        summary.geometric_mean = std::exp(logs / static_cast<double>(summary.problems.size()));
    return summary;
}

}  // namespace stele
