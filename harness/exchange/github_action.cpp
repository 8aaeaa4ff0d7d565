#include "harness/exchange/github_action.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/base/json_document.hpp"
#include "harness/exchange/exported_cells.hpp"
#include "harness/record/cell_key.hpp"
#include "harness/record/conditions.hpp"

namespace stele {

std::string github_action_json(const NamedReport& report) {
    nlohmann::ordered_json entries = nlohmann::ordered_json::array();
    for (const Measurement* cell : timed_cells(report)) {
        const DeviceInfo& device = device_of(*cell, report.report);
        entries.push_back({{"name", cell_path(*cell)},
                           {"unit", "ns"},
                           {"value", cell->timing->median_ns},
                           {"range", fmt::format("{}–{}", cell->timing->low_ns, cell->timing->high_ns)},
                           {"extra", fmt::format("{}, {}\n{} samples", device.name, device.driver,
                                                 cell->timing->samples_ns.size())}});
    }
    return dump(entries);
}

}  // namespace stele
