#include "harness/study/plots/comparison_forest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backends/names.hpp"
#include "harness/base/text.hpp"
#include "harness/study/comparison_tables.hpp"
#include "harness/study/plots/forest.hpp"

namespace stele::plots {

namespace {

/// More names than this nobody reads below each other; the table has them all.
constexpr std::size_t most_cells = 60;

/// A channel by the findings' names, in the order of what matters most.
Json by_finding(const Json& range) {
    Json domain = Json::array();
    for (const auto& row : name_list(Finding{})) domain.push_back(std::string(row.name));
    return {{"field", "finding"}, {"type", "nominal"}, {"scale", {{"domain", std::move(domain)}, {"range", range}}}};
}

}  // namespace

std::optional<Plot> comparison_forest(const Comparison& comparison) {
    if (comparison.cells.empty()) return std::nullopt;
    Table table;
    table.title = "Ratios";
    table.columns = {{"finding", Align::left}, {"cell", Align::left},    {"ratio", Align::right},
                     {"95 %", Align::right},   {"margin", Align::right}, {"pairs of rounds", Align::right}};
    Json rows = Json::array();
    for (std::size_t place = 0; place < comparison.cells.size(); ++place) {
        const CellComparison& cell = comparison.cells[place];
        const bool has_interval = cell.effect.test.has_value();
        const Interval range = cell.interval();
        const std::string label = cell_name(cell), finding(name(cell.found.finding)),
                          ratio = fmt::format("{:.3f}", cell.ratio()),
                          interval = has_interval ? fmt::format("{:.3f}–{:.3f}", range.low, range.high) : "–";
        table.rows.push_back({{finding, label, ratio, interval, fmt::format("{:.3g} %", 100 * cell.margin),
                               std::to_string(cell.effect.pairs)},
                              {}});
        if (rows.size() >= most_cells) continue;
        Json& row = rows.emplace_back(Json{{"name", label},
                                           {"about", cell_text(cell)},
                                           {"finding", finding},
                                           {"ratio", cell.ratio()},
                                           {"from", 1 / (1 + cell.margin)},
                                           {"to", 1 + cell.margin},
                                           {"text", ratio},
                                           {"interval", interval},
                                           {"link", link_to(compared_anchor(place))}});
        if (has_interval) {
            row["low"] = range.low;
            row["high"] = range.high;
        }
    }
    table.notes.push_back(
        "The other's time ÷ the base's: right of 1 it became slower, left of 1 faster. Bars are 95 % intervals over "
        "pairs of "
        "processes, where there are two pairs at least; grey is the margin, within which a change matters to nobody.");
    if (comparison.cells.size() > most_cells)
        table.notes.push_back(fmt::format("Shown are the {} cells that matter most; the figures below have all {}.",
                                          most_cells, comparison.cells.size()));
    return forest(std::move(table), std::move(rows), "other's time ÷ base's time (log scale)",
                  by_finding({"#D55E00", "#1F8FD6", "#E69F00", "#8A8A8A"}),
                  by_finding({"triangle-right", "triangle-left", "diamond", "circle"}));
}

}  // namespace stele::plots
