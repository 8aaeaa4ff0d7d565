#include "harness/study/page/page_cells.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "backends/names.hpp"
#include "harness/base/text.hpp"
#include "harness/record/telemetry.hpp"
#include "harness/study/outcome_text.hpp"

namespace stele {

namespace {

bool has_time(const ProblemSides& problem) {
    return std::ranges::any_of(problem.cells, [](const CellSide& cell) { return cell.timing() != nullptr; });
}

void add_once(std::vector<std::string>& list, const std::string& text) {
    if (std::ranges::find(list, text) == list.end()) list.push_back(text);
}

std::string share_text(const std::optional<double>& share) { return share ? three_digits(*share) : "–"; }

/// What is to be known of a time beside its figures.
std::string remarks_of(const Measurement& cell) {
    std::vector<std::string> parts;
    if (cell.timing->coverage < 0.95) parts.emplace_back("fewer samples than 95 % takes");
    if (std::string text = disturbance_text(*cell.timing); !text.empty()) parts.push_back(std::move(text));
    if (cell.tuning && *cell.tuning != "default") parts.push_back("tile by " + *cell.tuning);
    if (cell.ran) parts.push_back("ran " + *cell.ran);
    return fmt::format("{}", fmt::join(parts, "; "));
}

bool was_run(const CellSide& cell) { return cell.measurement && cell.measurement->verdict.outcome != Outcome::skipped; }

/// What several reports or several pieces of hardware need.
std::vector<std::string> place_of(const PageCells& cells, const CellSide& cell) {
    std::vector<std::string> place;
    if (cells.reports.size() > 1) place.push_back(fmt::format("[{}]", cell.report + 1));
    place.push_back(cell.measurement->device);
    return place;
}

void add_place_columns(Table& table, const PageCells& cells) {
    if (cells.reports.size() > 1) table.columns.push_back({"in", Align::left});
    table.columns.push_back({"device", Align::left});
}

}  // namespace

std::vector<std::string> PageCells::hardware() const {
    std::vector<std::string> list;
    for (const ProblemSides& problem : problems)
        if (has_time(problem)) add_once(list, problem.hardware);
    return list;
}

std::vector<std::string> PageCells::operations() const {
    std::vector<std::string> list;
    for (const ProblemSides& problem : problems) add_once(list, problem.operation);
    return list;
}

std::string cell_anchor(std::size_t problem, std::size_t cell) {
    return fmt::format("cell-{}-{}", problem + 1, cell + 1);
}

std::string problem_label(const ProblemSides& problem) {
    std::string label = problem.problem;
    if (problem.cache != CacheMode::cold) label += fmt::format(", {} cache", name(problem.cache));
    if (problem.regime != Regime::burst) label += fmt::format(", {}", name(problem.regime));
    if (problem.fill != Fill::normal) label += fmt::format(", {} operands", name(problem.fill));
    return label;
}

std::string rate_text(const ProblemSides& problem, const CellSide& cell) {
    return fmt::format("{}{}", count_text(problem.rate(cell)), problem.by_bandwidth() ? "B/s" : "FLOP/s");
}

Table cells_table(const PageCells& cells) {
    Table table;
    table.title = "Cells";
    table.columns = {{"variant", Align::left}, {"problem", Align::left}};
    add_place_columns(table, cells);
    for (const char* title : {"median", "95 % interval", "rate", "of best", "of vendor", "of peak", "error"})
        table.columns.push_back({title, Align::right});
    table.columns.push_back({"remarks", Align::left});
    for (std::size_t p = 0; p < cells.problems.size(); ++p) {
        const ProblemSides& problem = cells.problems[p];
        for (std::size_t c = 0; c < problem.cells.size(); ++c) {
            const CellSide& cell = problem.cells[c];
            if (!was_run(cell)) continue;
            Row& row = table.rows.emplace_back();
            row.anchor = cell_anchor(p, c);
            row.cells = {cell.variant, problem_label(problem)};
            for (std::string& text : place_of(cells, cell)) row.cells.push_back(std::move(text));
            const Timing* timing = cell.timing();
            if (timing == nullptr) {
                row.message = outcome_text(*cell.measurement);
                continue;
            }
            row.cells.insert(
                row.cells.end(),
                {time_text(timing->median_ns), interval_text(timing->low_ns, timing->median_ns, timing->high_ns),
                 rate_text(problem, cell), share_text(cell.of_best), share_text(cell.of_vendor),
                 share_text(timing->fraction_of_peak), error_text(cell.measurement->verdict.max_relative),
                 remarks_of(*cell.measurement)});
        }
    }
    table.notes = {
        "A cell is one variant (operation/algorithm.language@tile) on one problem. Its median is device time of one "
        "execution; the interval is the median's, of this process's samples, in the median's unit. of best, of vendor: "
        "the "
        "time of the fastest cell, or of the fastest vendor library, of the same report ÷ this time. of peak: the rate "
        "÷ "
        "the highest that the device was measured to reach. error: the largest relative to its element."};
    return table;
}

Table wrong_cells_table(const PageCells& cells) {
    Table table;
    table.title = "Not right";
    table.columns = {{"variant", Align::left}, {"problem", Align::left}};
    add_place_columns(table, cells);
    table.columns.push_back({"why", Align::left});
    for (const ProblemSides& problem : cells.problems)
        for (const CellSide& cell : problem.cells) {
            if (!cell.measurement || !is_failure(cell.measurement->verdict.outcome)) continue;
            Row& row = table.rows.emplace_back();
            row.cells = {cell.variant, problem_label(problem)};
            for (std::string& text : place_of(cells, cell)) row.cells.push_back(std::move(text));
            row.cells.push_back(outcome_text(*cell.measurement));
        }
    return table;
}

Table not_run_table(const PageCells& cells) {
    struct Skipped {
        std::set<const Measurement*> cells;  // one without a device stands on every piece of hardware
        std::vector<std::string> variants;
    };
    std::map<std::string, Skipped> reasons;
    for (const ProblemSides& problem : cells.problems)
        for (const CellSide& cell : problem.cells) {
            if (!cell.measurement || was_run(cell)) continue;
            Skipped& skipped = reasons[cell.measurement->verdict.reason];
            skipped.cells.insert(cell.measurement);
            add_once(skipped.variants, cell.variant);
        }
    Table table;
    table.title = "Not run";
    table.columns = {{"cells", Align::right}, {"why", Align::left}, {"variants", Align::left}};
    for (const auto& [reason, skipped] : reasons)
        table.rows.push_back(
            {{std::to_string(skipped.cells.size()), reason, fmt::format("{}", fmt::join(skipped.variants, ", "))}, {}});
    std::ranges::stable_sort(table.rows, std::greater{}, [](const Row& row) { return std::stoul(row.cells[0]); });
    return table;
}

}  // namespace stele
