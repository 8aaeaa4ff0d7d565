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
    return {std::move(name), side_cells(reports, [](const Report&, const Measurement&) { return true; })};
}

std::vector<NamedSide> sides_by(By by, std::span<const Report> reports) {
    struct Value {
        std::string name, rank;
    };
    std::vector<Value> values;
    for (const Report& report : reports)
        for (const Measurement& cell : report.measurements) {
            if (cell.device.empty()) continue;
            const std::string own = value_of(by, report, cell), rank = rank_of(by, report);
            const auto known = std::ranges::find(values, own, &Value::name);
            if (known == values.end())
                values.push_back({own, rank});
            else
                known->rank = std::min(known->rank, rank);
        }
    std::ranges::stable_sort(values, {}, &Value::rank);
    std::vector<NamedSide> sides;
    for (const Value& value : values)
        sides.push_back({value.name, side_cells(reports, [&](const Report& report, const Measurement& cell) {
                             return value_of(by, report, cell) == value.name;
                         })});
    return sides;
}

}  // namespace stele
