// stele report: tables of reports that bench wrote. Also --help and --version, which only show text.
#include <vector>

#include "harness/commands.hpp"
#include "harness/exit_code.hpp"
#include "harness/report_console.hpp"
#include "harness/report_json.hpp"
#include "harness/report_markdown.hpp"
#include "harness/report_tables.hpp"
#include "harness/text_format.hpp"

namespace stele {

namespace {

void show(const Table& table, ReportFormat format) {
    print(format == ReportFormat::markdown ? markdown_text(table) : console_text(table) + "\n");
}

/// Exit code 5 where no report has timed any of the pairs.
int show_ratios(const ReportOptions& options, const std::vector<NamedReport>& reports) {
    std::vector<Report> plain;
    for (const NamedReport& named : reports) plain.push_back(named.report);
    const std::vector<ComparedProblem> problems = compare_reports(plain);
    bool any = false;
    nlohmann::ordered_json json{{"format", "stele-ratios"}, {"ratios", nlohmann::ordered_json::array()}};
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
    if (!options.ratios.empty()) return show_ratios(options, reports);
    if (options.format == ReportFormat::json) {
        print(dump(report_comparison_json(reports)));
        return exit_fine;
    }
    for (const Table& table : report_tables(reports)) show(table, options.format);
    return exit_fine;
}

}  // namespace stele
