// What a cell took from the oldest run to the newest.
#pragma once

#include <optional>
#include <span>

#include "harness/draw/document.hpp"
#include "harness/study/history.hpp"

namespace stele::plots {

/// Medians with their intervals over time, a line a segment; rules where a change point was found. Failed runs are
/// marked. `table`: the course's own. Nothing where there are fewer than two timed runs.
std::optional<Plot> course(const Course& course, std::span<const NamedReport> reports, Table table);

}  // namespace stele::plots
