// What exporters ask of a report.
#pragma once

#include <vector>

#include "harness/study/report_tables.hpp"

namespace stele {

/// The cells with a time, in the report's order. Throws NothingFound where there is none.
std::vector<const Measurement*> timed_cells(const NamedReport& report);

}  // namespace stele
