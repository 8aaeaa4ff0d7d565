// A history as tables, and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "harness/draw/table.hpp"
#include "harness/study/history.hpp"

namespace stele {

/// A table, and of which course it is; null: of several, or of none.
struct HistoryTable {
    Table table;
    const Course* course = nullptr;
    std::size_t number = 0;  ///< of the course, as run_anchor() takes it
};

/// "run-3-17": the row of a course's run, both counted from 0; runs through all its segments.
std::string run_anchor(std::size_t course, std::size_t run);

/// What was read, the change points with the largest first, a table a cell that was measured more than once, and one of
/// those that were not. `change_points`: who looked for them, or why nobody did.
std::vector<HistoryTable> history_parts(const History& history, std::span<const NamedReport> reports,
                                        const std::string& change_points);
/// The same tables.
std::vector<Table> history_tables(const History& history, std::span<const NamedReport> reports,
                                  const std::string& change_points);

/// The same figures, for programs.
nlohmann::ordered_json history_json(const History& history, std::span<const NamedReport> reports,
                                    const std::string& change_points);

}  // namespace stele
