#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/base/text.hpp"
#include "harness/study/plots/report_plots.hpp"
#include "harness/study/plots/specification.hpp"

namespace stele::plots {

namespace {

/// The fastest tile of an algorithm in a language on one problem, in any report.
struct Rung {
    const CellSide* cell = nullptr;
    std::size_t place = 0;  ///< among the problem's cells
};

/// One problem's rungs: of each language, by algorithm in the order in which the operation lists them.
struct Ladder {
    std::size_t problem = 0;
    std::map<Language, std::vector<Rung>> rungs;  ///< as many as algorithms; without a cell where there is no time
    std::size_t timed = 0;
};

bool is_kernel(const Measurement& cell) { return cell.language != Language::vendor && cell.language != Language::host; }

/// Algorithms in the order of their first appearance, which is that of the operation's list.
std::vector<std::string> algorithms_of(const PageCells& cells, const std::string& operation,
                                       const std::string& hardware) {
    std::vector<std::string> algorithms;
    for (const ProblemSides& problem : cells.problems) {
        if (problem.operation != operation || problem.hardware != hardware) continue;
        for (const CellSide& cell : problem.cells)
            if (cell.timing() && is_kernel(*cell.measurement) &&
                std::ranges::find(algorithms, cell.measurement->algorithm) == algorithms.end())
                algorithms.push_back(cell.measurement->algorithm);
    }
    return algorithms;
}

Ladder ladder_of(const PageCells& cells, std::size_t index, const std::vector<std::string>& algorithms) {
    Ladder ladder{index, {}, 0};
    const ProblemSides& problem = cells.problems[index];
    for (std::size_t c = 0; c < problem.cells.size(); ++c) {
        const CellSide& cell = problem.cells[c];
        if (!cell.timing() || !is_kernel(*cell.measurement)) continue;
        const auto rung =
            static_cast<std::size_t>(std::ranges::find(algorithms, cell.measurement->algorithm) - algorithms.begin());
        std::vector<Rung>& rungs = ladder.rungs[cell.measurement->language];
        rungs.resize(algorithms.size());
        Rung& best = rungs[rung];
        ladder.timed += best.cell == nullptr;
        if (best.cell == nullptr || cell.timing()->median_ns < best.cell->timing()->median_ns) best = {&cell, c};
    }
    return ladder;
}

constexpr const char* ladder_text = R"json({
  "width": "container", "height": 300,
  "transform": [{"filter": "datum.problem === chosen"}],
  "layer": [
    {"mark": {"type": "line", "strokeWidth": 2}},
    {"mark": {"type": "rule", "strokeWidth": 2}, "encoding": {"y": {"field": "low"}, "y2": {"field": "high"}}},
    {"mark": {"type": "point", "filled": true, "size": 80},
     "encoding": {
       "href": {"field": "link"},
       "tooltip": [{"field": "variant"}, {"field": "problem"}, {"field": "median"}, {"field": "reached", "title": "rate"},
                   {"field": "step", "title": "× the rung below"}]}},
    {"mark": {"type": "text", "dy": -12}, "transform": [{"filter": "isValid(datum.step)"}],
     "encoding": {"text": {"field": "step"}}}
  ],
  "encoding": {
    "x": {"type": "nominal", "field": "rung", "axis": {"title": "rung: each one idea above the last", "labelAngle": -30, "grid": true}},
    "y": {"type": "quantitative", "field": "rate", "scale": {"type": "log", "nice": false}, "axis": {"format": "~s"}}
  }
})json";

}  // namespace

std::optional<Plot> ladder(const PageCells& cells, const std::string& operation, const std::string& hardware) {
    const std::vector<std::string> algorithms = algorithms_of(cells, operation, hardware);
    if (algorithms.size() < 2) return std::nullopt;
    std::vector<Ladder> ladders;
    for (std::size_t p = 0; p < cells.problems.size(); ++p)
        if (cells.problems[p].operation == operation && cells.problems[p].hardware == hardware)
            if (Ladder ladder = ladder_of(cells, p, algorithms); ladder.timed > 1) ladders.push_back(std::move(ladder));
    if (ladders.empty()) return std::nullopt;
    // The one with the most to see is shown first, of several the largest.
    std::ranges::stable_sort(ladders, std::greater{}, [&](const Ladder& ladder) {
        return std::pair{ladder.timed, cells.problems[ladder.problem].flops};
    });

    Table table;
    table.title = fmt::format("Ladder of {}: {}", operation, hardware);
    table.columns = {{"problem", Align::left},       {"rung", Align::left},
                     {"language", Align::left},      {"rate", Align::right},
                     {"× rung below", Align::right}, {"× slowest language here", Align::right}};
    Json rows = Json::array(), options = Json::array();
    std::set<Language> languages;
    for (const Ladder& ladder : ladders) {
        const ProblemSides& problem = cells.problems[ladder.problem];
        const std::string label = problem_label(problem);
        options.push_back(label);
        for (std::size_t rung = 0; rung < algorithms.size(); ++rung) {
            double slowest = 0;
            std::size_t beside = 0;
            for (const auto& [language, rungs] : ladder.rungs)
                if (rungs[rung].cell) {
                    slowest = std::max(slowest, rungs[rung].cell->timing()->median_ns);
                    ++beside;
                }
            for (const auto& [language, rungs] : ladder.rungs) {
                const CellSide* cell = rungs[rung].cell;
                if (cell == nullptr) continue;
                const Timing& timing = *cell->timing();
                const double work = problem.rate(*cell) * timing.median_ns;
                languages.insert(language);
                Json& row = rows.emplace_back(Json{{"problem", label},
                                                   {"rung", algorithms[rung]},
                                                   {"language", language_title(language)},
                                                   {"rate", problem.rate(*cell)},
                                                   {"low", work / timing.high_ns},
                                                   {"high", work / timing.low_ns},
                                                   {"variant", cell->variant},
                                                   {"median", time_text(timing.median_ns)},
                                                   {"reached", rate_text(problem, *cell)},
                                                   {"link", link_to(cell_anchor(ladder.problem, rungs[rung].place))}});
                std::string step = "–";
                for (std::size_t below = rung; below-- > 0;)
                    if (const CellSide* last = rungs[below].cell) {
                        step = fmt::format("×{}", three_digits(last->timing()->median_ns / timing.median_ns));
                        row["step"] = step;
                        break;
                    }
                table.rows.push_back(
                    {{label, algorithms[rung], language_title(language), rate_text(problem, *cell), step,
                      beside > 1 ? fmt::format("×{}", three_digits(slowest / timing.median_ns)) : "–"},
                     {}});
            }
        }
    }
    Json whole = specification(ladder_text);
    whole["encoding"]["x"]["sort"] = algorithms;
    // One scale for all problems, so that choosing another moves the lines and not the axis.
    double low = INFINITY, high = 0;
    for (const Json& row : rows) {
        low = std::min(low, row["low"].get<double>() / 2);
        high = std::max(high, row["high"].get<double>() * 2);
    }
    whole["encoding"]["y"]["scale"]["domain"] = {low, high};
    whole["encoding"]["y"]["axis"]["values"] = ticks_of_log(low, high);
    whole["encoding"]["y"]["axis"]["title"] = fmt::format(
        "rate in {} (log scale)", cells.problems[ladders.front().problem].by_bandwidth() ? "B/s" : "FLOP/s");
    whole["encoding"]["color"] = language_colour(languages);
    whole["layer"][2]["encoding"]["shape"] = language_shape(languages);
    Json chosen{{"name", "chosen"}, {"value", options.front()}};
    if (options.size() > 1) chosen["bind"] = {{"input", "select"}, {"name", "problem: "}, {"options", options}};
    whole["params"] = Json::array({std::move(chosen)});
    table.notes.push_back(
        "Up a line, each step adds one idea, and × says what it buys over the language's rung below. Between lines, "
        "the same "
        "algorithm costs what its language costs. Of several tiles and reports the fastest; bars are 95 % intervals of "
        "its "
        "median.");
    return plot_of(std::move(table), std::move(whole), std::move(rows));
}

}  // namespace stele::plots
