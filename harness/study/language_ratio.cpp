#include "harness/study/language_ratio.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/record/noise_floor.hpp"
#include "harness/study/noise.hpp"

namespace stele {

namespace {

/// A smaller difference of times matters to nobody.
constexpr double least_margin = 0.02;

/// The fastest cell of a language in each report.
std::map<std::size_t, const CellSide*> fastest_by_report(const ProblemSides& problem, Language language) {
    std::map<std::size_t, const CellSide*> fastest;
    for (const CellSide& cell : problem.cells) {
        if (cell.timing() == nullptr || cell.measurement->language != language) continue;
        const auto [place, is_new] = fastest.try_emplace(cell.report, &cell);
        if (!is_new && cell.timing()->median_ns < place->second->timing()->median_ns) place->second = &cell;
    }
    return fastest;
}

/// The interval of a ratio from those of its parts, in logarithms.
Ratio ratio_of_intervals(const Timing& time, const Timing& reference) {
    const auto reach = [](double from, double to) { return std::abs(std::log(to / from)); };
    const double below = std::hypot(reach(time.low_ns, time.median_ns), reach(reference.median_ns, reference.high_ns));
    const double above = std::hypot(reach(time.median_ns, time.high_ns), reach(reference.low_ns, reference.median_ns));
    const double estimate = time.median_ns / reference.median_ns;
    return {estimate,
            {estimate * std::exp(-below), estimate * std::exp(above), std::min(time.coverage, reference.coverage)}};
}

}  // namespace

std::vector<LanguageBest> language_bests(const ProblemSides& problem) {
    std::vector<LanguageBest> bests;
    for (std::size_t i = 0; i < problem.cells.size(); ++i) {
        const Timing* timing = problem.cells[i].timing();
        if (timing == nullptr) continue;
        const Language language = problem.cells[i].measurement->language;
        const auto known = std::ranges::find(bests, language, &LanguageBest::language);
        if (known == bests.end())
            bests.push_back({language, i, timing->median_ns});
        else if (timing->median_ns < known->median_ns)
            *known = {language, i, timing->median_ns};
    }
    std::ranges::stable_sort(bests, {}, &LanguageBest::median_ns);
    return bests;
}

const LanguageBest* best_kernel(std::span<const LanguageBest> bests) {
    const auto found = std::ranges::find_if(bests, [](const LanguageBest& best) {
        return best.language != Language::vendor && best.language != Language::host;
    });
    return found == bests.end() ? nullptr : &*found;
}

bool LanguageRatio::is_clear() const {
    const bool excludes_one = ratio.interval.low > 1 || ratio.interval.high < 1;
    return excludes_one && std::abs(std::log(ratio.estimate)) >= std::log1p(margin);
}

std::optional<LanguageRatio> language_ratio(const ProblemSides& problem, std::span<const Report> reports,
                                            Language language, Language reference) {
    const auto own = fastest_by_report(problem, language), others = fastest_by_report(problem, reference);
    std::vector<double> times, reference_times;
    const CellSide *cell = nullptr, *other = nullptr;
    for (const auto& [report, fastest] : own) {
        const auto beside = others.find(report);
        if (beside == others.end()) continue;
        cell = fastest;
        other = beside->second;
        const std::vector<double> medians = round_medians(*cell->timing()),
                                  reference_medians = round_medians(*other->timing());
        const std::size_t rounds = std::min(medians.size(), reference_medians.size());
        times.insert(times.end(), medians.begin(), medians.begin() + static_cast<std::ptrdiff_t>(rounds));
        reference_times.insert(reference_times.end(), reference_medians.begin(),
                               reference_medians.begin() + static_cast<std::ptrdiff_t>(rounds));
    }
    if (cell == nullptr) return std::nullopt;
    LanguageRatio out;
    out.pairs = times.size();
    out.ratio =
        out.pairs > 1 ? paired_ratio(times, reference_times) : ratio_of_intervals(*cell->timing(), *other->timing());
    out.margin = least_margin;
    for (const CellSide* side : {cell, other})
        if (const auto floor =
                noise_floor(reports[side->report], *side->measurement, static_cast<std::uint32_t>(out.pairs)))
            out.margin = std::max(out.margin, floor->floor);
    return out;
}

}  // namespace stele
