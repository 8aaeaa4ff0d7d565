#include "harness/study/ratio.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "harness/base/json_document.hpp"
#include "harness/base/statistics.hpp"
#include "harness/record/hardware.hpp"
#include "harness/record/report_json.hpp"
#include "kernels/former_ids.hpp"

namespace stele {

namespace {

bool is_meant(const std::string& named, const std::string& variant) {
    return variant == named || std::string_view(variant).substr(0, variant.find('@')) == named;
}

/// One side in one report: its conditions with its problem, on which device.
struct Place {
    CellKey key;  ///< without the variant
    std::string device, operation;

    auto operator<=>(const Place&) const = default;
    bool is_runtime_of(const Place& other) const {
        return key.backend == other.key.backend && key.platform == other.key.platform;
    }
};

/// Times of the named variant; of several tiles the fastest.
std::map<Place, double> times_of(const Report& report, const std::string& named) {
    std::map<Place, double> times;
    for (const Measurement& cell : report.measurements) {
        if (!is_meant(named, cell.variant) || !cell.timing) continue;
        Place place{key_of(cell, report), cell.device, cell.operation};
        place.key.variant.clear();
        const auto [found, is_new] = times.emplace(std::move(place), cell.timing->median_ns);
        if (!is_new) found->second = std::min(found->second, cell.timing->median_ns);
    }
    return times;
}

/// Both on one problem, piece of hardware and kind of sampling; of one runtime's devices both on the same.
bool is_pair(const Place& variant, const Place& base) {
    const auto shared = [](const Place& place) {
        return std::tie(place.key.problem, place.key.hardware, place.key.regime, place.key.cache, place.key.fill);
    };
    return shared(variant) == shared(base) && (!variant.is_runtime_of(base) || variant.device == base.device);
}

/// True if another device of the report has the same key, so that only the id tells them apart.
bool is_one_of_several(const Report& report, const Place& place) {
    return std::ranges::any_of(report.devices, [&](const DeviceInfo& other) {
        return other.id != place.device && other.backend == place.key.backend && other.platform == place.key.platform &&
               hardware_of(other, report.environment) == place.key.hardware;
    });
}

RatioConditions conditions_of(const Report& report, const Place& variant, const Place& base) {
    RatioConditions conditions{variant.key, base.key, {}};
    for (CellKey* key : {&conditions.variant, &conditions.base}) key->problem.clear();
    if (is_one_of_several(report, variant) || is_one_of_several(report, base))
        conditions.devices =
            variant.device == base.device ? variant.device : fmt::format("{}, {}", variant.device, base.device);
    return conditions;
}

/// What is at that key, made new at the end where there is none.
template <typename T, typename IsIt>
T& find_or_add(std::vector<T>& all, T made, const IsIt& is_it) {
    const auto found = std::ranges::find_if(all, is_it);
    return found == all.end() ? all.emplace_back(std::move(made)) : *found;
}

std::string runtime_text(const CellKey& key) {
    const std::string where = key.where();
    const bool says_more = !key.platform.empty() && hardware_slug(key.platform) != key.backend;
    return fmt::format("{}{}{}", key.backend, says_more ? fmt::format(" by {}", key.platform) : "",
                       where.empty() ? "" : " with " + where);
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

std::string RatioConditions::label() const {
    const std::string sides =
        variant == base ? runtime_text(variant) : fmt::format("{} ÷ {}", runtime_text(variant), runtime_text(base));
    return fmt::format("{}, {} {} {}, {}{}", variant.hardware, name(variant.regime), name(variant.cache),
                       name(variant.fill), sides, devices.empty() ? "" : fmt::format(" ({})", devices));
}

std::vector<RatioSummary> summarise_ratio(std::span<const Report> reports, const RatioPair& pair) {
    std::vector<RatioSummary> summaries;
    for (const Report& report : reports) {
        const auto of_variant = times_of(report, pair.variant), of_base = times_of(report, pair.base);
        for (const auto& [variant, time] : of_variant)
            for (const auto& [base, base_time] : of_base) {
                if (!is_pair(variant, base)) continue;
                const RatioConditions conditions = conditions_of(report, variant, base);
                RatioSummary& summary =
                    find_or_add(summaries, RatioSummary{conditions, {}, 1},
                                [&](const RatioSummary& known) { return known.conditions == conditions; });
                ProblemRatio& problem =
                    find_or_add(summary.problems, ProblemRatio{variant.operation, variant.key.problem, {}, 1},
                                [&](const ProblemRatio& known) {
                                    return known.operation == variant.operation && known.problem == variant.key.problem;
                                });
                problem.ratios.push_back(base_time / time);
            }
    }
    for (RatioSummary& summary : summaries) {
        double logs = 0;
        for (ProblemRatio& problem : summary.problems) {
            std::ranges::sort(problem.ratios);
            problem.median = median(problem.ratios);
            logs += std::log(problem.median);
        }
        summary.geometric_mean = std::exp(logs / static_cast<double>(summary.problems.size()));
    }
    return summaries;
}

std::vector<RepeatedReport> repeated_reports(std::span<const Report> reports) {
    std::vector<RepeatedReport> repeated;
    std::map<std::string, std::size_t> seen;
    for (std::size_t i = 0; i < reports.size(); ++i)
        if (const auto [first, is_new] = seen.emplace(dump(to_json(reports[i])), i); !is_new)
            repeated.push_back({i, first->second});
    return repeated;
}

}  // namespace stele
