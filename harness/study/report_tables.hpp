// The tables of `stele report`, drawn from reports side by side; and the same as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "harness/draw/table.hpp"
#include "harness/study/ratio.hpp"
#include "harness/study/side_by_side.hpp"

namespace stele {

/// A report and where it came from, for messages.
struct NamedReport {
    std::string name;
    Report report;
};

/// The reports without their names, for side_by_side().
std::vector<Report> plain_reports(std::span<const NamedReport> reports);

/// Where and how each report was made.
Table report_header(std::span<const NamedReport> reports);

/// Rows of variants that no device could run: each with its reason, or counted in one line under their table.
enum class SkippedRows { all, counted };

/// What the reports are, a table for each problem, and the best of each language; then what failed.
std::vector<Table> report_tables(std::span<const NamedReport> reports, SkippedRows skipped = SkippedRows::all);

/// The same figures, for programs.
nlohmann::ordered_json side_by_side_json(std::span<const NamedReport> reports);

/// One variant against another, a table for each set of conditions: per problem the median of the reports' ratios, the
/// least and the most; then the geometric mean over the problems. One without rows: no report timed both.
std::vector<Table> ratio_tables(std::span<const Report> reports, const RatioPair& pair);

/// The same figures, for programs.
nlohmann::ordered_json ratio_json(std::span<const Report> reports, const RatioPair& pair);

}  // namespace stele
