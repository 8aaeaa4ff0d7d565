// stele report: tables of reports that bench wrote. Also --help and --version, which only show text.
#include <algorithm>
#include <vector>

#include "harness/base/exit_code.hpp"
#include "harness/base/text.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/cli/commands/all.hpp"
#include "harness/draw/console.hpp"
#include "harness/draw/markdown.hpp"
#include "harness/record/report_json.hpp"
#include "harness/study/report_tables.hpp"

namespace stele {

namespace {

void show(const Table& table, ReportFormat format) {
    print(format == ReportFormat::markdown ? markdown_text(table) : console_text(table) + "\n");
}

/// Leaves only the problems that a glob matches.
void keep_problems(std::vector<NamedReport>& reports, const std::vector<std::string>& globs) {
    if (globs.empty()) return;
    bool any = false;
    for (NamedReport& named : reports) {
        std::erase_if(named.report.measurements, [&](const Measurement& cell) {
            return std::ranges::none_of(globs, [&](const std::string& glob) { return glob_match(glob, cell.problem); });
        });
        any = any || !named.report.measurements.empty();
    }
    if (!any)
        throw CommandError(exit_nothing,
                           "no problem of these reports matches --problem; a glob must match all of its text");
}

/// Exit code 5 where no report has timed any of the pairs.
int show_ratios(const ReportOptions& options, const std::vector<NamedReport>& reports) {
    const std::vector<Report> plain = plain_reports(reports);
    const std::vector<ProblemSides> problems = side_by_side(plain);
    bool any = false;
    nlohmann::ordered_json json = new_document({"ratios", "stele-ratios", 1});
    json["ratios"] = nlohmann::ordered_json::array();
    if (options.format != ReportFormat::json) show(report_header(reports), options.format);
    for (const RatioPair& pair : options.ratios) {
        any = any || !summarise_ratio(problems, pair).problems.empty();
        if (options.format == ReportFormat::json)
            json["ratios"].push_back(ratio_json(problems, pair));
        else
            show(ratio_table(problems, pair), options.format);
    }
    if (options.format == ReportFormat::json) print(dump(json));
    return any ? exit_fine : exit_nothing;
}

}  // namespace

int run_command(const ShowText& options) {
    print(options.text);
    return exit_fine;
}

int run_command(const ReportOptions& options) {
    std::vector<NamedReport> reports;
    for (const std::string& file : options.files) reports.push_back({file, read_report(file)});
    keep_problems(reports, options.problems);
    if (!options.ratios.empty()) return show_ratios(options, reports);
    if (options.format == ReportFormat::json) {
        print(dump(side_by_side_json(reports)));
        return exit_fine;
    }
    for (const Table& table : report_tables(reports)) show(table, options.format);
    return exit_fine;
}

}  // namespace stele
