#include "harness/exchange/csv.hpp"

#include <fmt/format.h>

#include "harness/base/error.hpp"
#include "harness/exchange/csv_text.hpp"
#include "harness/record/cell_key.hpp"
#include "harness/record/conditions.hpp"

namespace stele {

namespace {

struct CsvRow {
    const NamedReport& report;
    const Measurement& cell;
    CellKey key;
};

struct CsvColumn {
    const char* title;
    std::string (*text)(const CsvRow& row);
};

template <typename Read>
std::string of_timing(const CsvRow& row, Read read) {
    return row.cell.timing ? fmt::format("{}", read(*row.cell.timing)) : std::string();
}

std::string why(const Measurement& cell) { return cell.untimed ? cell.untimed->reason : cell.verdict.reason; }

constexpr CsvColumn csv_columns[] = {
    {"report", [](const CsvRow& row) { return row.report.name; }},
    {"started", [](const CsvRow& row) { return row.report.report.environment.started; }},
    {"revision", [](const CsvRow& row) { return row.report.report.environment.revision; }},
    {"operation", [](const CsvRow& row) { return row.cell.operation; }},
    {"variant", [](const CsvRow& row) { return row.cell.variant; }},
    {"language", [](const CsvRow& row) { return std::string(name(row.cell.language)); }},
    {"problem", [](const CsvRow& row) { return row.cell.problem; }},
    {"device", [](const CsvRow& row) { return row.cell.device; }},
    {"hardware", [](const CsvRow& row) { return row.key.hardware; }},
    {"platform", [](const CsvRow& row) { return row.key.platform; }},
    {"driver", [](const CsvRow& row) { return device_of(row.cell, row.report.report).driver; }},
    {"threads", [](const CsvRow& row) { return row.key.where(); }},
    {"regime", [](const CsvRow& row) { return std::string(name(row.cell.regime)); }},
    {"cache", [](const CsvRow& row) { return std::string(name(row.cell.cache)); }},
    {"fill", [](const CsvRow& row) { return std::string(name(row.cell.fill)); }},
    {"outcome", [](const CsvRow& row) { return std::string(name(row.cell.verdict.outcome)); }},
    {"reason", [](const CsvRow& row) { return why(row.cell); }},
    {"median_ns", [](const CsvRow& row) { return of_timing(row, [](const Timing& t) { return t.median_ns; }); }},
    {"low_ns", [](const CsvRow& row) { return of_timing(row, [](const Timing& t) { return t.low_ns; }); }},
    {"high_ns", [](const CsvRow& row) { return of_timing(row, [](const Timing& t) { return t.high_ns; }); }},
    {"samples", [](const CsvRow& row) { return of_timing(row, [](const Timing& t) { return t.samples_ns.size(); }); }},
    {"rounds", [](const CsvRow& row) { return of_timing(row, [](const Timing& t) { return t.rounds; }); }},
    {"flops", [](const CsvRow& row) { return fmt::format("{}", row.cell.flops); }},
    {"bytes", [](const CsvRow& row) { return fmt::format("{}", row.cell.bytes); }},
};

}  // namespace

std::string csv_text(std::span<const NamedReport> reports) {
    std::vector<std::string> fields;
    for (const CsvColumn& column : csv_columns) fields.emplace_back(column.title);
    std::string text = csv_line(fields);
    const std::size_t heading = text.size();
    for (const NamedReport& report : reports)
        for (const Measurement& cell : report.report.measurements) {
            const CsvRow row{report, cell, key_of(cell, report.report)};
            fields.clear();
            for (const CsvColumn& column : csv_columns) fields.push_back(column.text(row));
            text += csv_line(fields);
        }
    if (text.size() == heading) throw NothingFound("nothing was measured in these reports");
    return text;
}

}  // namespace stele
