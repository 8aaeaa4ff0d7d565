#include "harness/study/side_by_side.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "harness/record/cell_key.hpp"

namespace stele {

namespace {

/// A measurement, its report, and where it stands: the tables have all variants of an operation, by any runtime and
/// number of threads.
struct Entry {
    std::size_t report;
    const Measurement* measurement;
    std::string hardware;
};

CellKey place_of(const Report& report, const Measurement& cell) {
    CellKey key = key_of(cell, report);
    key.variant = cell.operation;
    key.backend = key.platform = key.cpus = "";
    key.threads = 0;
    key.cpu_quota = 0;
    return key;
}

/// All that is of one problem under the same conditions, on whatever hardware.
struct ProblemEntries {
    CellKey place;  ///< without hardware
    std::vector<std::string> hardware;
    std::vector<Entry> entries;
};

/// Problems and hardware in the order of their first appearance. A cell without a device stands on every piece of
/// hardware; where a problem has none at all, on the one without a name.
std::vector<ProblemEntries> by_problem(std::span<const Report> reports) {
    std::vector<ProblemEntries> problems;
    std::map<CellKey, std::size_t> position;
    for (std::size_t report = 0; report < reports.size(); ++report)
        for (const Measurement& cell : reports[report].measurements) {
            CellKey place = place_of(reports[report], cell);
            std::string hardware = std::exchange(place.hardware, "");
            const auto [found, is_new] = position.try_emplace(place, problems.size());
            if (is_new) problems.push_back({std::move(place), {}, {}});
            ProblemEntries& problem = problems[found->second];
            if (!hardware.empty() && std::ranges::find(problem.hardware, hardware) == problem.hardware.end())
                problem.hardware.push_back(hardware);
            problem.entries.push_back({report, &cell, std::move(hardware)});
        }
    for (ProblemEntries& problem : problems)
        if (problem.hardware.empty()) problem.hardware.emplace_back();
    return problems;
}

bool is_vendor(const CellSide& cell) { return cell.variant.find("/vendor.") != std::string::npos; }

std::string_view without_tile(std::string_view variant) { return variant.substr(0, variant.find('@')); }

double median_of(const CellSide& cell) { return cell.timing() ? cell.timing()->median_ns : 0; }

void set_ratios(std::vector<CellSide>& cells) {
    std::map<std::size_t, double> best, vendor;  // by report
    const auto take_least = [](std::map<std::size_t, double>& least, const CellSide& cell) {
        const auto [place, is_new] = least.emplace(cell.report, median_of(cell));
        if (!is_new) place->second = std::min(place->second, median_of(cell));
    };
    for (const CellSide& cell : cells) {
        if (median_of(cell) <= 0) continue;
        take_least(best, cell);
        if (is_vendor(cell)) take_least(vendor, cell);
    }
    for (CellSide& cell : cells) {
        if (median_of(cell) <= 0) continue;
        cell.of_best = best.at(cell.report) / median_of(cell);
        if (const auto found = vendor.find(cell.report); found != vendor.end())
            cell.of_vendor = found->second / median_of(cell);
    }
}

/// The place of each variant among those of its operation: algorithms as they appear, each in its languages, vendor
/// libraries last.
using VariantOrder = std::map<std::pair<std::string, std::string>, std::size_t>;

VariantOrder variant_order(std::span<const Report> reports) {
    struct Known {
        bool vendor;
        std::size_t algorithm;
        Language language;
        const Measurement* cell;
    };
    std::vector<Known> rows;
    std::map<std::pair<std::string, std::string>, std::size_t> algorithms;
    VariantOrder order;
    for (const Report& report : reports)
        for (const Measurement& cell : report.measurements) {
            const std::size_t algorithm =
                algorithms.try_emplace({cell.operation, cell.algorithm}, algorithms.size()).first->second;
            if (order.try_emplace({cell.operation, cell.variant}, 0).second)
                rows.push_back({cell.language == Language::vendor, algorithm, cell.language, &cell});
        }
    std::stable_sort(rows.begin(), rows.end(), [](const Known& a, const Known& b) {
        return std::tie(a.vendor, a.algorithm, a.language) < std::tie(b.vendor, b.algorithm, b.language);
    });
    for (std::size_t i = 0; i < rows.size(); ++i) order.at({rows[i].cell->operation, rows[i].cell->variant}) = i;
    return order;
}

/// The cells of a problem that stand on one piece of hardware.
ProblemSides sides_on(const std::string& hardware, const ProblemEntries& problem, const VariantOrder& order,
                      std::size_t reports) {
    const CellKey& place = problem.place;
    ProblemSides sides;
    sides.operation = place.variant;
    sides.problem = place.problem;
    sides.hardware = hardware;
    sides.regime = place.regime;
    sides.cache = place.cache;
    sides.fill = place.fill;

    // By the variant's place: its cells here, by report, and in which reports it was seen elsewhere.
    struct Row {
        std::map<std::size_t, std::vector<const Measurement*>> here;
        std::set<std::size_t> elsewhere;
    };
    std::map<std::size_t, std::pair<const std::string*, Row>> rows;
    std::vector<bool> takes_part(reports);
    // A tuned tile differs from problem to problem: one that another takes the place of is not missed.
    std::set<std::pair<std::size_t, std::string_view>> tuned;
    for (const Entry& entry : problem.entries) {
        const Measurement& cell = *entry.measurement;
        auto& [variant, row] = rows[order.at({cell.operation, cell.variant})];
        variant = &cell.variant;
        if (!entry.hardware.empty() && entry.hardware != hardware) {
            row.elsewhere.insert(entry.report);
            continue;
        }
        row.here[entry.report].push_back(&cell);
        if (entry.hardware == hardware) takes_part[entry.report] = true;
        if (cell.tuning) tuned.emplace(entry.report, without_tile(cell.variant));
        if (cell.known_as) sides.known_as = cell.known_as;
        sides.flops = cell.flops;
        sides.bytes = cell.bytes;
    }
    for (const auto& [position, named] : rows) {
        const auto& [variant, row] = named;
        for (std::size_t report = 0; report < reports; ++report) {
            if (!takes_part[report]) continue;
            if (const auto cells = row.here.find(report); cells != row.here.end()) {
                for (const Measurement* cell : cells->second) sides.cells.push_back({*variant, report, cell, {}, {}});
            } else if (!row.elsewhere.contains(report) && !tuned.contains({report, without_tile(*variant)})) {
                sides.cells.push_back({*variant, report, nullptr, {}, {}});
            }
        }
    }
    set_ratios(sides.cells);
    return sides;
}

}  // namespace

double ProblemSides::rate(const CellSide& cell) const {
    return (by_bandwidth() ? bytes : flops) / (median_of(cell) * 1e-9);
}

std::vector<ProblemSides> side_by_side(std::span<const Report> reports) {
    const VariantOrder order = variant_order(reports);
    std::vector<ProblemSides> sides;
    for (const ProblemEntries& problem : by_problem(reports))
        for (const std::string& hardware : problem.hardware)
            sides.push_back(sides_on(hardware, problem, order, reports.size()));
    return sides;
}

}  // namespace stele
