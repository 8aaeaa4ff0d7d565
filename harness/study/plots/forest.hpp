// Ratios of times with their intervals, one below the other, beside 1 and the margin around it.
#pragma once

#include <set>
#include <string>

#include "harness/study/plots/specification.hpp"

namespace stele::plots {

/// Rows have "name", "ratio" and, where there is one, "low" and "high", a margin's "from" and "to", and what `colour`
/// and `shape` go by. The names stand in the order of the rows; rows of one name below each other by the field
/// `side_by_side`, where there is one.
Plot forest(Table table, Json rows, const std::string& ratio_title, Json colour, Json shape,
            const char* side_by_side = nullptr);

}  // namespace stele::plots
