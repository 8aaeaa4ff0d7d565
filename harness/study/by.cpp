// Sides that stand in the same reports: a value each of what they are compared by.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "harness/record/hardware.hpp"
#include "harness/study/comparison.hpp"

namespace stele {

namespace {

std::string value_of(By by, const Report& report, const Measurement& cell) {
    switch (by) {
        case By::side:
            return {};
        case By::language:
            return std::string(name(cell.language));
        case By::algorithm:
            return cell.algorithm;
        case By::tile:
            return cell.tile.empty() ? "no tile" : cell.tile;
        case By::device: {
            const auto device = std::ranges::find(report.devices, cell.device, &DeviceInfo::id);
            return device == report.devices.end()
                       ? cell.device
                       : fmt::format("{}, {}", cell.device, hardware_of(*device, report.environment));
        }
        case By::tuning:
            return !cell.tuning ? "asked for" : *cell.tuning == "default" ? "default" : "tuned";
        case By::revision:
            return report.environment.revision;
    }
    return {};
}

/// The later a value, the later its side; of equal ones the order of appearance holds.
std::string rank_of(By by, const Report& report) { return by == By::revision ? report.environment.started : ""; }

}  // namespace

NamedSide side_of(std::string name, std::span<const Report> reports) {
    auto cells = side_cells(reports, 1, [](const Report&, const Measurement&) { return 0; });
    return {std::move(name), std::move(cells.front())};
}

std::vector<NamedSide> sides_by(By by, std::span<const Report> reports) {
    struct Value {
        std::string name, rank;
    };
    std::vector<Value> values;
    std::map<std::string, std::size_t> place;  ///< of each name among them
    for (const Report& report : reports)
        for (const Measurement& cell : report.measurements) {
            if (cell.device.empty()) continue;
            const std::string own = value_of(by, report, cell), rank = rank_of(by, report);
            const auto [known, is_new] = place.try_emplace(own, values.size());
            if (is_new) values.push_back({own, rank});
            values[known->second].rank = std::min(values[known->second].rank, rank);
        }
    std::ranges::stable_sort(values, {}, &Value::rank);
    for (std::size_t i = 0; i < values.size(); ++i) place[values[i].name] = i;
    auto cells = side_cells(reports, values.size(), [&](const Report& report, const Measurement& cell) {
        return place.at(value_of(by, report, cell));
    });
    std::vector<NamedSide> sides;
    for (std::size_t i = 0; i < values.size(); ++i) sides.push_back({values[i].name, std::move(cells[i])});
    return sides;
}

}  // namespace stele
