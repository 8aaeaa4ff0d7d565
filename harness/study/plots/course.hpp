// What a cell took from the oldest run to the newest.
#pragma once

#include <optional>
#include <span>

#include "harness/draw/document.hpp"
#include "harness/study/history_tables.hpp"

namespace stele::plots {

/// Medians with their intervals over time, a line a segment; rules where a change point was found. Failed runs are
/// marked; each leads to its row in the table. `part`: of a course. Nothing where there are fewer than two timed runs.
std::optional<Plot> course(const HistoryTable& part, std::span<const NamedReport> reports);

}  // namespace stele::plots
