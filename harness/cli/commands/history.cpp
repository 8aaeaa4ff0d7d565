// stele history: a folder of reports as the course of each cell.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/report_input.hpp"
#include "harness/cli/selection.hpp"
#include "harness/exchange/otava.hpp"
#include "harness/study/history_tables.hpp"
#include "harness/study/page/pages.hpp"

namespace stele {

namespace {

class HistoryCommand final : public Command {
public:
    std::string_view name() const override { return "history"; }
    void declare(Arguments& arguments) override {
        arguments.text("folder", folder_, true);
        arguments.text("glob", glob_);
        arguments.texts("--problem", problems_);
        arguments.flag("--no-change-points", plain_);
        format_.declare(arguments);
        arguments.text("--out", out_);
    }
    ExitCode run() override;

private:
    std::string mark_change_points(History& history, const std::vector<NamedReport>& reports) const;

    std::string folder_, glob_, out_;
    std::vector<std::string> problems_;
    bool plain_ = false;
    OutputFormat format_;
};

/// Who found them, or why nobody did: a history is worth showing without.
std::string HistoryCommand::mark_change_points(History& history, const std::vector<NamedReport>& reports) const {
    if (plain_) return "not looked for, by --no-change-points";
    const auto otava = find_otava();
    if (!otava) return "Apache Otava, which finds them, is not installed: " + how_to_get_otava();
    try {
        find_change_points(history, reports, *otava);
        return "found by Apache Otava";
    } catch (const Error& failed) {
        say(failed.what());
        return failed.what();
    }
}

ExitCode HistoryCommand::run() {
    if (!out_.empty()) check_writable(out_);
    std::vector<NamedReport> reports = read_report_folder(folder_);
    keep_variants(reports, glob_);
    keep_problems(reports, problems_);
    sort_by_time(reports);
    History history = history_of(reports);
    if (history.courses.empty()) throw NothingFound(fmt::format("nothing was measured in the reports of {}", folder_));
    const std::string change_points = mark_change_points(history, reports);
    if (format_.is_json())
        show_json(history_json(history, reports, change_points), out_);
    else if (format_.drawn_as() == DrawnAs::html)
        show(history_page(history, reports, change_points), DrawnAs::html, out_);
    else
        show(Document(history_tables(history, reports, change_points)), format_.drawn_as(), out_);
    return exit_fine;
}

}  // namespace

std::unique_ptr<Command> history_command() { return std::make_unique<HistoryCommand>(); }

}  // namespace stele
