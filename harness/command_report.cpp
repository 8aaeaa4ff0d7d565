// stele report: tables of reports that bench wrote. Also --help and --version, which only show text.
#include "harness/commands.hpp"
#include "harness/exit_code.hpp"
#include "harness/report_console.hpp"
#include "harness/report_json.hpp"
#include "harness/report_markdown.hpp"
#include "harness/report_tables.hpp"
#include "harness/text_format.hpp"

namespace stele {

int run_command(const ShowText& options) {
    print(options.text);
    return exit_fine;
}

int run_command(const ReportOptions& options) {
    std::vector<NamedReport> reports;
    for (const std::string& file : options.files) reports.push_back({file, read_report(file)});
    if (options.format == ReportFormat::json) {
        print(dump(report_comparison_json(reports)));
        return exit_fine;
    }
    for (const Table& table : report_tables(reports))
        print(options.format == ReportFormat::markdown ? markdown_text(table) : console_text(table) + "\n");
    return exit_fine;
}

}  // namespace stele
