// Reports as one table of comma-separated values.
#pragma once

#include <span>
#include <string>

#include "harness/study/report_tables.hpp"

namespace stele {

/// A heading, then a row a cell: identity, conditions, outcome, and times in ns; empty where there is none. Throws
/// NothingFound where the reports hold no cell.
std::string csv_text(std::span<const NamedReport> reports);

}  // namespace stele
