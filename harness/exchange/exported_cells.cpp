#include "harness/exchange/exported_cells.hpp"

#include <fmt/format.h>

#include "harness/base/error.hpp"

namespace stele {

std::vector<const Measurement*> timed_cells(const NamedReport& report) {
    std::vector<const Measurement*> timed;
    for (const Measurement& cell : report.report.measurements)
        if (cell.timing) timed.push_back(&cell);
    if (timed.empty()) throw NothingFound(fmt::format("{}: no cell has a time; --to csv tells why not", report.name));
    return timed;
}

}  // namespace stele
