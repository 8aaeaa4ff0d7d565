#include "harness/study/side_by_side.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "harness/record/cell_key.hpp"

namespace stele {

namespace {

/// Where a measurement stands: the tables have all variants of an operation, by any runtime and number of threads. A
/// cell without a device stands on every piece of hardware.
CellKey place_of(const Report& report, const Measurement& cell) {
    CellKey key = key_of(cell, report);
    key.variant = cell.operation;
    key.backend = key.platform = key.cpus = "";
    key.threads = 0;
    key.cpu_quota = 0;
    return key;
}

/// Collects the places that have a device; where a problem has none at all, the place without hardware.
std::vector<CellKey> places_of(std::span<const Report> reports) {
    std::vector<CellKey> places;
    for (const Report& report : reports)
        for (const Measurement& cell : report.measurements) {
            CellKey place = place_of(report, cell);
            if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(std::move(place));
        }
    const auto without_hardware = [](CellKey place) {
        place.hardware.clear();
        return place;
    };
    const std::vector<CellKey> all = places;
    std::erase_if(places, [&](const CellKey& place) {
        return place.hardware.empty() && std::any_of(all.begin(), all.end(), [&](const CellKey& other) {
                   return !other.hardware.empty() && without_hardware(other) == place;
               });
    });
    // First appearance of the problem decides, not of the hardware.
    std::stable_sort(places.begin(), places.end(), [&](const CellKey& a, const CellKey& b) {
        const auto rank = [&](const CellKey& place) {
            return std::find_if(
                       all.begin(), all.end(),
                       [&](const CellKey& other) { return without_hardware(other) == without_hardware(place); }) -
                   all.begin();
        };
        return rank(a) < rank(b);
    });
    return places;
}

bool is_vendor(const CellSide& cell) { return cell.variant.find("/vendor.") != std::string::npos; }

std::string_view without_tile(std::string_view variant) { return variant.substr(0, variant.find('@')); }

double median_of(const CellSide& cell) {
    return cell.measurement && cell.measurement->timing ? cell.measurement->timing->median_ns : 0;
}

void set_ratios(std::vector<CellSide>& cells) {
    for (CellSide& cell : cells) {
        if (median_of(cell) <= 0) continue;
        double best = median_of(cell), vendor = 0;
        for (const CellSide& other : cells) {
            const double time = median_of(other);
            if (time <= 0 || other.report != cell.report) continue;
            best = std::min(best, time);
            if (is_vendor(other)) vendor = vendor == 0 ? time : std::min(vendor, time);
        }
        cell.of_best = best / median_of(cell);
        if (vendor > 0) cell.of_vendor = vendor / median_of(cell);
    }
}

/// The variants of each operation: algorithms as they appear, each in its languages, vendor libraries last.
using VariantOrder = std::map<std::string, std::vector<std::string>>;

VariantOrder variant_order(std::span<const Report> reports) {
    struct Known {
        bool vendor;
        std::size_t algorithm;
        Language language;
        std::string variant;
    };
    std::map<std::string, std::vector<Known>> known;
    std::map<std::string, std::vector<std::string>> algorithms;
    for (const Report& report : reports)
        for (const Measurement& cell : report.measurements) {
            std::vector<std::string>& names = algorithms[cell.operation];
            const auto place = std::find(names.begin(), names.end(), cell.algorithm) - names.begin();
            if (place == std::ssize(names)) names.push_back(cell.algorithm);
            std::vector<Known>& rows = known[cell.operation];
            if (std::none_of(rows.begin(), rows.end(), [&](const Known& row) { return row.variant == cell.variant; }))
                rows.push_back(
                    {cell.language == Language::vendor, static_cast<std::size_t>(place), cell.language, cell.variant});
        }
    VariantOrder order;
    for (auto& [operation, rows] : known) {
        std::stable_sort(rows.begin(), rows.end(), [](const Known& a, const Known& b) {
            return std::tie(a.vendor, a.algorithm, a.language) < std::tie(b.vendor, b.algorithm, b.language);
        });
        for (Known& row : rows) order[operation].push_back(std::move(row.variant));
    }
    return order;
}

}  // namespace

double ProblemSides::rate(const CellSide& cell) const {
    return (by_bandwidth() ? bytes : flops) / (median_of(cell) * 1e-9);
}

std::vector<ProblemSides> side_by_side(std::span<const Report> reports) {
    VariantOrder order = variant_order(reports);
    std::vector<ProblemSides> problems;
    for (const CellKey& place : places_of(reports)) {
        ProblemSides& problem = problems.emplace_back();
        problem.operation = place.variant;
        problem.problem = place.problem;
        problem.hardware = place.hardware;
        problem.regime = place.regime;
        problem.cache = place.cache;
        problem.fill = place.fill;

        // In each report: those of this place, those without a device, and which have been seen elsewhere.
        std::vector<bool> takes_part(reports.size());
        std::set<std::pair<std::size_t, std::string>> elsewhere;
        std::map<std::pair<std::string, std::size_t>, std::vector<const Measurement*>> found;
        for (std::size_t i = 0; i < reports.size(); ++i)
            for (const Measurement& cell : reports[i].measurements) {
                CellKey own = place_of(reports[i], cell);
                const bool deviceless = own.hardware.empty();
                if (deviceless) own.hardware = place.hardware;
                if (own == place) {
                    found[{cell.variant, i}].push_back(&cell);
                    if (!deviceless || place.hardware.empty()) takes_part[i] = true;
                    if (cell.known_as) problem.known_as = cell.known_as;
                    problem.flops = cell.flops;
                    problem.bytes = cell.bytes;
                } else {
                    own.hardware = place.hardware;
                    if (own == place) elsewhere.insert({i, cell.variant});
                }
            }
        // A tuned tile differs from problem to problem: one that another takes the place of is not missed.
        const auto has_other_tile = [&](const std::string& variant, std::size_t report) {
            return std::any_of(found.begin(), found.end(), [&](const auto& other) {
                return other.first.second == report && without_tile(other.first.first) == without_tile(variant) &&
                       other.second.front()->tuning;
            });
        };
        for (const std::string& variant : order[problem.operation])
            for (std::size_t i = 0; i < reports.size(); ++i) {
                if (!takes_part[i]) continue;
                const auto cells = found.find({variant, i});
                if (cells == found.end()) {
                    if (!elsewhere.contains({i, variant}) && !has_other_tile(variant, i))
                        problem.cells.push_back({variant, i, nullptr, {}, {}});
                    continue;
                }
                for (const Measurement* cell : cells->second) problem.cells.push_back({variant, i, cell, {}, {}});
            }
        set_ratios(problem.cells);
    }
    return problems;
}

}  // namespace stele
