#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/base/text.hpp"
#include "harness/study/language_ratio.hpp"
#include "harness/study/plots/report_plots.hpp"
#include "harness/study/plots/specification.hpp"

namespace stele::plots {

namespace {

constexpr const char* heat_map_text = R"json({
  "width": "container", "autosize": {"type": "fit-x", "contains": "padding"}, "usermeta": {"names": "problem"},
  "transform": [{"filter": "datum.of === share"}],
  "layer": [
    {"mark": {"type": "rect"},
     "encoding": {
       "color": {"field": "value", "type": "quantitative",
                 "scale": {"scheme": "viridis", "domain": [0, 1], "clamp": true, "type": "sqrt"},
                 "legend": {"title": "share of the speed", "gradientLength": 160, "tickCount": 5}},
       "href": {"field": "link"},
       "tooltip": [{"field": "problem"}, {"field": "variant"}, {"field": "text", "title": "share"}, {"field": "of"},
                   {"field": "reached", "title": "rate"}]}},
    {"mark": {"type": "text", "color": {"expr": "datum.value > 0.45 ? '#111' : '#fff'"}},
     "encoding": {"text": {"field": "text"}, "href": {"field": "link"}}}
  ],
  "encoding": {
    "x": {"type": "nominal", "field": "language", "axis": {"title": null, "orient": "top", "labelAngle": 0, "domain": false, "ticks": false}},
    "y": {"type": "nominal", "field": "problem", "axis": {"title": null, "labelLimit": 600, "domain": false, "ticks": false}}
  }
})json";

}  // namespace

std::optional<Plot> heat_map(const PageCells& cells, const std::string& hardware) {
    Table table;
    table.title = "Languages and problems: " + hardware;
    table.columns = {{"problem", Align::left}, {"language", Align::left}, {"fastest variant", Align::left},
                     {"rate", Align::right},   {"of best", Align::right}, {"of vendor", Align::right}};
    Json rows = Json::array(), titles = Json::array(), problems = Json::array();
    std::set<Language> languages;
    bool any_vendor = false;
    for (std::size_t p = 0; p < cells.problems.size(); ++p) {
        const ProblemSides& problem = cells.problems[p];
        if (problem.hardware != hardware || problem.operation == "ceiling") continue;
        const std::vector<LanguageBest> bests = language_bests(problem);
        if (bests.empty()) continue;
        const std::string label = fmt::format("{} {}", problem.operation, problem_label(problem));
        const auto vendor = std::ranges::find(bests, Language::vendor, &LanguageBest::language);
        any_vendor = any_vendor || vendor != bests.end();
        problems.push_back(label);
        for (const LanguageBest& best : bests) {
            const CellSide& cell = problem.cells[best.cell];
            languages.insert(best.language);
            std::string of_vendor = "–";
            const auto add = [&](const char* of, double share) {
                rows.push_back({{"problem", label},
                                {"language", language_title(best.language)},
                                {"variant", cell.variant},
                                {"of", of},
                                {"value", share},
                                {"text", three_digits(share)},
                                {"reached", rate_text(problem, cell)},
                                {"link", link_to(cell_anchor(p, best.cell))}});
            };
            const double of_best = bests.front().median_ns / best.median_ns;
            add("the fastest", of_best);
            if (vendor != bests.end()) {
                const double share = vendor->median_ns / best.median_ns;
                of_vendor = three_digits(share);
                add("the fastest vendor library", share);
            }
            table.rows.push_back({{label, language_title(best.language), cell.variant, rate_text(problem, cell),
                                   three_digits(of_best), of_vendor},
                                  {}});
        }
    }
    if (languages.size() < 2) return std::nullopt;
    Json whole = specification(heat_map_text);
    for (const Language language : languages) titles.push_back(language_title(language));
    whole["encoding"]["x"]["sort"] = titles;
    whole["height"] = 22 * problems.size();
    whole["encoding"]["y"]["sort"] = problems;
    Json share{{"name", "share"}, {"value", "the fastest"}};
    if (any_vendor)
        share["bind"] = {
            {"input", "radio"}, {"name", "share of "}, {"options", {"the fastest", "the fastest vendor library"}}};
    whole["params"] = Json::array({std::move(share)});
    table.notes.push_back(
        "Each language's fastest variant: how much of the speed of the fastest cell it reaches, 1.00 where it is the "
        "fastest. "
        "An empty place was not timed.");
    return plot_of(std::move(table), std::move(whole), std::move(rows));
}

}  // namespace stele::plots
