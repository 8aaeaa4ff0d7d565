// stele verify: are the variants right?
#include <fmt/format.h>

#include <map>

#include "harness/base/text.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/interrupt.hpp"
#include "harness/cli/outcome.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/selection.hpp"
#include "harness/cli/workload.hpp"
#include "harness/cli/workplace.hpp"

namespace stele {

namespace {

std::vector<Suite> suites_of(const std::string& name) {
    if (name == "full") return {Suite::smoke, Suite::edge, Suite::quick};
    if (name == "edge") return {Suite::smoke, Suite::edge};
    return {Suite::smoke};
}

/// What became of one variant on one device.
struct Tally {
    std::string variant, device;
    std::size_t passed = 0, failed = 0, skipped = 0;
    double worst_of_bound = 0;
    std::string why_skipped;
};

std::vector<Tally> tally(const std::vector<Measurement>& measurements) {
    std::vector<Tally> tallies;
    std::map<std::pair<std::string, std::string>, std::size_t> index;
    for (const Measurement& cell : measurements) {
        const auto [found, added] = index.try_emplace({cell.variant, cell.device}, tallies.size());
        if (added) tallies.push_back({cell.variant, cell.device, 0, 0, 0, 0, {}});
        Tally& counts = tallies[found->second];
        if (cell.verdict.outcome == Outcome::passed) {
            ++counts.passed;
            counts.worst_of_bound = std::max(counts.worst_of_bound, cell.verdict.worst_of_bound);
        } else if (is_failure(cell.verdict.outcome)) {
            ++counts.failed;
        } else {
            ++counts.skipped;
            if (counts.why_skipped.empty()) counts.why_skipped = cell.verdict.reason;
        }
    }
    return tallies;
}

Table tally_table(const std::vector<Measurement>& measurements) {
    Table table;
    table.columns = {{"variant", Align::left}, {"device", Align::left},   {"passed", Align::right},
                     {"failed", Align::right}, {"skipped", Align::right}, {"worst of bound", Align::right}};
    for (const Tally& counts : tally(measurements)) {
        const std::string device = counts.device.empty() ? "–" : counts.device;
        if (counts.passed + counts.failed == 0)
            table.rows.push_back({{counts.variant, device}, "skipped: " + counts.why_skipped});
        else
            table.rows.push_back(
                {{counts.variant, device, std::to_string(counts.passed), std::to_string(counts.failed),
                  std::to_string(counts.skipped), counts.passed ? three_digits(counts.worst_of_bound) : "–"},
                 {}});
    }
    return table;
}

/// Every cell, or those that failed.
Table cell_table(const std::vector<Measurement>& measurements, bool all) {
    Table table;
    table.title = all ? "Cells" : "Not right";
    table.columns = {{"variant", Align::left}, {"device", Align::left}, {"problem, outcome", Align::left}};
    for (const Measurement& cell : measurements) {
        const Verdict& verdict = cell.verdict;
        if (!all && !is_failure(verdict.outcome)) continue;
        const std::string figures = fmt::format("error {}, {} of bound", error_text(verdict.max_relative),
                                                three_digits(verdict.worst_of_bound));
        table.rows.push_back({{cell.variant, cell.device.empty() ? "–" : cell.device},
                              fmt::format("{}: {}: {}", cell.problem, name(verdict.outcome),
                                          verdict.outcome == Outcome::passed ? figures : verdict.reason)});
    }
    return table;
}

class Verify final : public Command {
public:
    std::string_view name() const override { return "verify"; }
    void declare(Arguments& arguments) override {
        selection_.declare(arguments, {"smoke", "edge", "full"});
        operands_.declare(arguments);
        isolation_.declare(arguments);
        arguments.flag("--verbose", verbose_);
    }
    ExitCode run() override;

private:
    Selection selection_;
    Operands operands_;
    Isolation isolation_;
    bool verbose_ = false;
};

ExitCode Verify::run() {
    const Registry registry;
    SamplerOptions sampling;
    sampling.seed = operands_.seed;
    sampling.fill = operands_.fill;
    isolation_.apply(sampling);
    Workplace workplace(isolation_.here);
    const DeviceSet devices(workplace.runner().found());
    const Workload workload =
        make_workload(registry, devices, selection_, suites_of(selection_.suite), sampling, false);

    keep_what_is_measured();
    Progress progress;
    const Watcher watcher{[&](const std::string& line) { progress.show(line); }, interrupted};
    std::vector<Measurement> measurements =
        run_cells(workplace.runner(), Work::verify, workload.cells, sampling, watcher);
    progress.clear();
    measurements.insert(measurements.end(), workload.left_out.begin(), workload.left_out.end());

    const bool complete = !interrupted();
    Document document;
    if (Table cells = cell_table(measurements, verbose_); !cells.rows.empty()) document.add(std::move(cells));
    document.add(tally_table(measurements));
    document.add(Paragraph{count_outcomes(measurements) + (complete ? "" : "; interrupted before the end")});
    show(document);
    return outcome_of(measurements, complete);
}

}  // namespace

std::unique_ptr<Command> verify_command() { return std::make_unique<Verify>(); }

}  // namespace stele
