#include "harness/exchange/bencher.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/base/error.hpp"
#include "harness/base/json_document.hpp"
#include "harness/exchange/exported_cells.hpp"
#include "harness/record/cell_key.hpp"

namespace stele {

std::string bencher_json(const NamedReport& report) {
    nlohmann::ordered_json benchmarks = nlohmann::ordered_json::object();
    for (const Measurement* cell : timed_cells(report)) {
        const std::string name = cell_path(*cell);
        if (benchmarks.contains(name)) throw BadInput(fmt::format("{}: {} is there twice", report.name, name));
        benchmarks[name]["latency"] = {{"value", cell->timing->median_ns},
                                       {"lower_value", cell->timing->low_ns},
                                       {"upper_value", cell->timing->high_ns}};
    }
    return dump(benchmarks);
}

}  // namespace stele
