#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/base/text.hpp"
#include "harness/study/language_ratio.hpp"
#include "harness/study/plots/forest.hpp"
#include "harness/study/plots/report_plots.hpp"

namespace stele::plots {

namespace {

/// What the others are held against: the language that stands first in tables of those with the most problems that
/// another was timed on too; a vendor's library where there is one language alone.
std::optional<Language> reference_of(const PageCells& cells, const std::string& hardware) {
    std::map<Language, std::size_t> shared;
    for (const ProblemSides& problem : cells.problems) {
        if (problem.hardware != hardware || problem.operation == "ceiling") continue;
        const std::vector<LanguageBest> bests = language_bests(problem);
        if (bests.size() > 1)
            for (const LanguageBest& best : bests) ++shared[best.language];
    }
    if (shared.size() < 2) return std::nullopt;
    if (shared.size() == 2 && shared.contains(Language::vendor)) return Language::vendor;
    std::erase_if(shared, [](const auto& one) { return one.first == Language::vendor || one.first == Language::host; });
    if (shared.empty()) return Language::vendor;
    return std::ranges::max_element(shared, {}, [](const auto& one) { return one.second; })->first;
}

}  // namespace

std::optional<Plot> language_forest(const PageCells& cells, const std::string& hardware) {
    const std::optional<Language> reference = reference_of(cells, hardware);
    if (!reference) return std::nullopt;
    const std::string against = language_title(*reference);
    Table table;
    table.title = fmt::format("Times beside {}'s: {}", against, hardware);
    table.columns = {{"problem", Align::left}, {"language", Align::left}, {"ratio", Align::right},
                     {"95 %", Align::right},   {"margin", Align::right},  {"from", Align::left},
                     {"so it is", Align::left}};
    Json rows = Json::array();
    std::set<Language> languages;
    for (std::size_t p = 0; p < cells.problems.size(); ++p) {
        const ProblemSides& problem = cells.problems[p];
        if (problem.hardware != hardware || problem.operation == "ceiling") continue;
        for (const LanguageBest& best : language_bests(problem)) {
            if (best.language == *reference) continue;
            const auto beside = language_ratio(problem, cells.reports, best.language, *reference);
            if (!beside) continue;
            languages.insert(best.language);
            const auto& [ratio, pairs, margin] = *beside;
            const std::string label = fmt::format("{} {}", problem.operation, problem_label(problem)),
                              title = language_title(best.language), text = three_digits(ratio.estimate),
                              interval = fmt::format("{}–{}", three_digits(ratio.interval.low),
                                                     three_digits(ratio.interval.high)),
                              so = !beside->is_clear()  ? "too close to call"
                                   : ratio.estimate > 1 ? "slower"
                                                        : "faster";
            rows.push_back({{"name", label},
                            {"about", title + ": " + so},
                            {"language", title},
                            {"ratio", ratio.estimate},
                            {"low", ratio.interval.low},
                            {"high", ratio.interval.high},
                            {"from", 1 / (1 + margin)},
                            {"to", 1 + margin},
                            {"text", text},
                            {"interval", interval},
                            {"link", link_to(cell_anchor(p, best.cell))}});
            table.rows.push_back({{label, title, text, interval, fmt::format("{:.3g} %", 100 * margin),
                                   pairs > 1 ? fmt::format("{} processes", pairs) : "one process's samples", so},
                                  {}});
        }
    }
    if (rows.empty()) return std::nullopt;
    table.notes.push_back(fmt::format(
        "The time of each language's fastest variant ÷ that of {}'s: left of 1 it is faster, right of 1 slower. "
        "Bars are 95 % intervals; grey is the margin, within which a difference matters to nobody or is what "
        "equal sides differ by.",
        against));
    return forest(std::move(table), std::move(rows), fmt::format("time ÷ {}'s time (log scale)", against),
                  language_colour(languages), language_shape(languages), "language");
}

}  // namespace stele::plots
