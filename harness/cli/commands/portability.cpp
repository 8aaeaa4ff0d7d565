// stele portability: how well each language does on each device, and how evenly.
#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "harness/base/error.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/report_groups.hpp"
#include "harness/cli/report_input.hpp"
#include "harness/cli/selection.hpp"
#include "harness/explain/compiler.hpp"
#include "harness/study/page/pages.hpp"

namespace stele {

namespace {

class Portability final : public Command {
public:
    std::string_view name() const override { return "portability"; }
    void declare(Arguments& arguments) override {
        arguments.texts("files", files_, true);
        arguments.text("--variants", variants_);
        arguments.texts("--problem", problems_);
        arguments.flag("--common", rules_.common_problems);
        arguments.flag("--all", all_);
        arguments.text("--source", source_);
        format_.declare(arguments);
    }
    ExitCode run() override;

private:
    std::vector<std::string> files_, problems_;
    std::string variants_, source_;
    PortabilityRules rules_;
    bool all_ = false;
    OutputFormat format_;
};

/// Takes the cells of `ceiling` out of each report: efficiencies are shares of them, and nobody asks about them.
std::vector<std::vector<Measurement>> take_ceilings(std::vector<NamedReport>& reports) {
    std::vector<std::vector<Measurement>> ceilings;
    for (NamedReport& named : reports) {
        auto& cells = named.report.measurements;
        const auto first = std::ranges::stable_partition(cells, [](const Measurement& cell) {
                               return cell.operation != "ceiling";
                           }).begin();
        ceilings.emplace_back(std::make_move_iterator(first), std::make_move_iterator(cells.end()));
        cells.erase(first, cells.end());
    }
    return ceilings;
}

ExitCode Portability::run() {
    ReportGroup group = read_group(files_);
    PortabilityShown shown;
    shown.all = all_;
    shown.reports = {group_line("reports", group)};
    std::vector<NamedReport> named;
    for (std::size_t i = 0; i < group.reports.size(); ++i)
        named.push_back({group.files[i], std::move(group.reports[i])});
    auto ceilings = take_ceilings(named);
    keep_variants(named, variants_);
    keep_problems(named, problems_);
    std::vector<Report> reports = plain_reports(named);
    shown.parity = parity_of_languages(sides_by(By::language, reports));
    try {
        shown.divergence = code_divergence_of(reports, explain::find_source_root(source_));
    } catch (const MissingTool& missing) {
        if (!source_.empty()) throw;
        shown.no_divergence = missing.what();
    }
    for (std::size_t i = 0; i < reports.size(); ++i)
        std::ranges::move(ceilings[i], std::back_inserter(reports[i].measurements));
    shown.scopes = portability_of(reports, rules_);
    if (shown.scopes.empty())
        throw NothingFound(
            rules_.common_problems
                ? "no problem was measured on every device; without --common each device's own problems count"
                : "nothing was measured in these reports");
    if (format_.is_json())
        show_json(portability_json(shown, rules_));
    else if (format_.drawn_as() == DrawnAs::html)
        show(portability_page(shown, rules_), DrawnAs::html);
    else
        show(portability_document(shown, rules_), format_.drawn_as());
    return exit_fine;
}

}  // namespace

std::unique_ptr<Command> portability_command() { return std::make_unique<Portability>(); }

}  // namespace stele
