// Ratios of times with their intervals, one below the other, beside 1 and the margin around it.
#pragma once

#include <set>
#include <string>

#include "harness/study/plots/specification.hpp"

namespace stele::plots {

/// Rows have "name", "ratio" and, where there is one, "low" and "high", a margin's "from" and "to", and what `colour` and
/// `shape` go by. The names stand in the order of the rows.
Plot forest(Table table, Json rows, const std::string& ratio_title, Json colour, Json shape);

}  // namespace stele::plots
