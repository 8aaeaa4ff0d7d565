// stele report: tables of reports that bench wrote.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/report_input.hpp"
#include "harness/cli/selection.hpp"
#include "harness/record/report_json.hpp"
#include "harness/study/page/pages.hpp"
#include "harness/study/report_tables.hpp"

namespace stele {

namespace {

class ReportCommand final : public Command {
public:
    std::string_view name() const override { return "report"; }
    void declare(Arguments& arguments) override {
        arguments.texts("files", files_, true);
        format_.declare(arguments);
        arguments.text("--out", out_);
        arguments.texts("--problem", problems_);
        arguments.parsed("--ratio", [this](const std::string& text) { ratios_.push_back(parse_ratio_pair(text)); });
    }
    ExitCode run() override;

private:
    ExitCode show_ratios(const std::vector<NamedReport>& reports) const;

    std::vector<std::string> files_;
    OutputFormat format_;
    std::string out_;                    ///< a file; empty: the standard output
    std::vector<std::string> problems_;  ///< globs; empty: all
    std::vector<RatioPair> ratios_;      ///< instead of the tables: these variants against each other
};

/// Nothing where no report has timed any of the pairs.
ExitCode ReportCommand::show_ratios(const std::vector<NamedReport>& reports) const {
    const std::vector<Report> plain = plain_reports(reports);
    bool any = false;
    nlohmann::ordered_json json = new_document({"ratios", "stele-ratios", 2});
    json["ratios"] = nlohmann::ordered_json::array();
    Document document(report_header(reports));
    for (const RatioPair& pair : ratios_) {
        any = any || !summarise_ratio(plain, pair).empty();
        json["ratios"].push_back(ratio_json(plain, pair));
        for (Table& table : ratio_tables(plain, pair)) document.add(std::move(table));
    }
    if (format_.is_json())
        show_json(json, out_);
    else
        show(document, format_.drawn_as(), out_);
    return any ? exit_fine : exit_nothing;
}

ExitCode ReportCommand::run() {
    if (!out_.empty()) check_writable(out_);
    std::vector<NamedReport> reports = read_reports(files_);
    if (std::ranges::all_of(reports, [](const NamedReport& named) { return named.report.measurements.empty(); }))
        throw NothingFound("nothing was measured in these reports");
    keep_problems(reports, problems_);
    if (!ratios_.empty()) {
        drop_repeated(reports);
        return show_ratios(reports);
    }
    if (format_.is_json())
        show_json(side_by_side_json(reports), out_);
    else
        show(format_.drawn_as() == DrawnAs::html ? report_page(reports) : Document(report_tables(reports)),
             format_.drawn_as(), out_);
    return exit_fine;
}

}  // namespace

std::unique_ptr<Command> report_command() { return std::make_unique<ReportCommand>(); }

}  // namespace stele
