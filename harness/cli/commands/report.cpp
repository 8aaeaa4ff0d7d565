// stele report: tables of reports that bench wrote.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "harness/base/error.hpp"
#include "harness/base/text.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/selection.hpp"
#include "harness/record/report_json.hpp"
#include "harness/study/report_tables.hpp"

namespace stele {

namespace {

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
    if (!any) throw NothingFound("no problem of these reports matches --problem; a glob must match all of its text");
}

/// The same run twice would count twice in every mean.
void drop_repeated(std::vector<NamedReport>& reports) {
    const std::vector<RepeatedReport> repeated = repeated_reports(plain_reports(reports));
    for (const RepeatedReport& one : repeated)
        say(fmt::format("{} is the same run as {}, and counts once", reports[one.index].name, reports[one.first].name));
    for (auto one = repeated.rbegin(); one != repeated.rend(); ++one)
        reports.erase(reports.begin() + static_cast<std::ptrdiff_t>(one->index));
}

class ReportCommand final : public Command {
public:
    std::string_view name() const override { return "report"; }
    void declare(Arguments& arguments) override {
        arguments.texts("files", files_, true);
        format_.declare(arguments);
        arguments.texts("--problem", problems_);
        arguments.parsed("--ratio", [this](const std::string& text) { ratios_.push_back(parse_ratio_pair(text)); });
    }
    ExitCode run() override;

private:
    ExitCode show_ratios(const std::vector<NamedReport>& reports) const;

    std::vector<std::string> files_;
    OutputFormat format_;
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
        show_json(json);
    else
        show(document, format_.drawn_as());
    return any ? exit_fine : exit_nothing;
}

ExitCode ReportCommand::run() {
    std::vector<NamedReport> reports;
    for (const std::string& file : files_) reports.push_back({file, read_report(file)});
    if (std::ranges::all_of(reports, [](const NamedReport& named) { return named.report.measurements.empty(); }))
        throw NothingFound("nothing was measured in these reports");
    keep_problems(reports, problems_);
    if (!ratios_.empty()) {
        drop_repeated(reports);
        return show_ratios(reports);
    }
    if (format_.is_json())
        show_json(side_by_side_json(reports));
    else
        show(Document(report_tables(reports)), format_.drawn_as());
    return exit_fine;
}

}  // namespace

std::unique_ptr<Command> report_command() { return std::make_unique<ReportCommand>(); }

}  // namespace stele
