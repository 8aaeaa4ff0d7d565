// stele compare: is one side slower than the other?
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

#include "harness/base/error.hpp"
#include "harness/base/text.hpp"
#include "harness/base/visible.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/selection.hpp"
#include "harness/record/report_json.hpp"
#include "harness/study/comparison_tables.hpp"
#include "harness/study/noise_floor.hpp"
#include "harness/study/ratio.hpp"

namespace stele {

namespace {

/// Reports that were named together.
struct ReportGroup {
    std::vector<std::string> files;
    std::vector<Report> reports;
};

/// The reports of a folder, in the order of their names; any other path is a report itself.
std::vector<std::string> files_at(const std::string& path) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(path, ignored)) return {path};
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(path))
        if (entry.is_regular_file() && entry.path().extension() == ".json") files.push_back(entry.path().string());
    std::ranges::sort(files);
    if (files.empty()) throw BadInput(fmt::format("{}: a folder without reports (*.json)", path));
    return files;
}

/// The same run twice would count twice.
void drop_repeated_runs(ReportGroup& group) {
    const std::vector<RepeatedReport> repeated = repeated_reports(group.reports);
    for (auto one = repeated.rbegin(); one != repeated.rend(); ++one) {
        const auto at = static_cast<std::ptrdiff_t>(one->index);
        say(fmt::format("{} is the same run as {}, and counts once", group.files[one->index], group.files[one->first]));
        group.files.erase(group.files.begin() + at);
        group.reports.erase(group.reports.begin() + at);
    }
}

ReportGroup read_group(const std::vector<std::string>& paths) {
    ReportGroup group;
    for (const std::string& path : paths)
        for (std::string& file : files_at(path)) {
            group.reports.push_back(read_report(file));
            group.files.push_back(std::move(file));
        }
    drop_repeated_runs(group);
    return group;
}

/// Leaves only the problems that a glob matches.
void keep_matching(std::vector<Report>& reports, const std::vector<std::string>& globs) {
    if (globs.empty()) return;
    for (Report& report : reports)
        std::erase_if(report.measurements, [&](const Measurement& cell) {
            return std::ranges::none_of(globs, [&](const std::string& glob) { return glob_match(glob, cell.problem); });
        });
}

/// One line for the head: which revision, when and on what, from how many reports.
std::string side_line(std::string_view side, const ReportGroup& group) {
    const Environment& made = group.reports.front().environment;
    std::size_t rounds = 0, incomplete = 0;
    for (const Report& report : group.reports) {
        std::size_t most = 1;
        for (const Measurement& cell : report.measurements)
            if (cell.timing) most = std::max<std::size_t>(most, cell.timing->rounds);
        rounds += most;
        incomplete += !report.complete;
    }
    return fmt::format("{}: {}{}: stele {} ({}), {}; {} round{}{}", side, group.files.front(),
                       group.files.size() > 1 ? fmt::format(" and {} more", group.files.size() - 1) : "", made.version,
                       made.revision, made.started, rounds, rounds == 1 ? "" : "s",
                       incomplete > 0 ? fmt::format("; INCOMPLETE: {} interrupted", incomplete) : "");
}

double number_in(const std::string& text, std::string_view unit, double least, double most, const char* what) {
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
    const std::string_view rest(stopped, static_cast<std::size_t>(end - stopped));
    if (error != std::errc{} || !(rest.empty() || rest == unit) || !(value >= least && value <= most))
        throw std::invalid_argument(fmt::format("'{}' is not {}", shortened(text), what));
    return value;
}

double percent_in(const std::string& text) {
    return number_in(text, "%", 0, 100, "a number of percent from 0 to 100, such as 2 or 0.5%") / 100;
}

double nanoseconds_in(const std::string& text) {
    for (const auto& [unit, factor] : {std::pair{"ns", 1.0}, {"us", 1e3}, {"ms", 1e6}})
        if (text.ends_with(unit)) return factor * number_in(text, unit, 0, 1e6, "a time such as 500ns, 10us or 1ms");
    throw std::invalid_argument(fmt::format("'{}' is not a time such as 500ns, 10us or 1ms", shortened(text)));
}

class Compare final : public Command {
public:
    std::string_view name() const override { return "compare"; }
    void declare(Arguments& arguments) override {
        arguments.texts("files", files_, true);
        arguments.choice("--by", by_, {"language", "algorithm", "tile", "device", "tuning", "revision"});
        arguments.text("--reference", reference_);
        arguments.parsed("--margin", [this](const std::string& text) { rules_.margin = percent_in(text); });
        arguments.parsed("--floor", [this](const std::string& text) { rules_.floor = percent_in(text); });
        arguments.parsed("--min-time", [this](const std::string& text) { rules_.min_time_ns = nanoseconds_in(text); });
        arguments.flag("--short", rules_.short_cells_count);
        arguments.flag("--gate", rules_.gate);
        arguments.flag("--strict", strict_);
        arguments.parsed("--allow", [this](const std::string& text) { allow(text); });
        arguments.texts("--problem", problems_);
        arguments.flag("--all", all_);
        arguments.choice("--format", format_, {"console", "markdown", "html", "json"});
    }
    ExitCode run() override;

private:
    void allow(const std::string& text) {
        const auto condition = from_name<Condition>(text);
        if (!condition)
            throw std::invalid_argument(fmt::format("'{}' is not one of {}{}", shortened(text),
                                                    fmt::join(names_of<Condition>(), ", "),
                                                    did_you_mean(text, names_of<Condition>())));
        rules_.allowed.insert(*condition);
    }
    ExitCode compare_two();
    ExitCode compare_values();
    ExitCode show_comparison(const Comparison& comparison, std::vector<std::string> sides) const;
    void take_floor(const ReportGroup& group) {
        if (!rules_.floor) rules_.floor = noise_floor(group.reports);
    }

    std::vector<std::string> files_;
    std::string by_, reference_, format_ = "console";
    CompareRules rules_;
    bool strict_ = false, all_ = false;
    std::vector<std::string> problems_;  ///< globs; empty: all
};

/// What stands before "vs" and after it; of two paths one each.
std::pair<std::vector<std::string>, std::vector<std::string>> two_sides(const std::vector<std::string>& files) {
    const auto between = std::ranges::find(files, "vs");
    if (between == files.end() && files.size() == 2) return {{files[0]}, {files[1]}};
    if (between == files.end() || between == files.begin() || between + 1 == files.end() ||
        std::find(between + 1, files.end(), "vs") != files.end())
        throw BadInput(
            "compare takes two reports or folders, or several with the word vs between the sides: base1.json base2.json "
            "vs new1.json new2.json; or any number with --by");
    return {{files.begin(), between}, {between + 1, files.end()}};
}

ExitCode Compare::compare_two() {
    const auto [base_files, new_files] = two_sides(files_);
    ReportGroup base = read_group(base_files), other = read_group(new_files);
    for (ReportGroup* group : {&base, &other}) {
        keep_matching(group->reports, problems_);
        take_floor(*group);
    }
    std::vector<NamedSide> sides{side_of("base", base.reports), side_of("new", other.reports)};
    return show_comparison(compare_sides(sides, By::side, rules_), {side_line("base", base), side_line("new", other)});
}

ExitCode Compare::compare_values() {
    ReportGroup group = read_group(files_);
    keep_matching(group.reports, problems_);
    take_floor(group);
    const By by = *from_name<By>(by_);
    std::vector<NamedSide> sides = sides_by(by, group.reports);
    std::vector<std::string> values;
    for (const NamedSide& side : sides) values.push_back(side.name);
    if (sides.size() < 2)
        throw NothingFound(fmt::format("nothing to compare by {}: all cells are of {}", by_,
                                       values.empty() ? "none" : values.front()));
    if (!reference_.empty()) {
        const auto found = std::ranges::find(sides, reference_, &NamedSide::name);
        if (found == sides.end())
            throw BadInput(fmt::format("--reference {}: not one of {}{}", reference_, fmt::join(values, ", "),
                                       did_you_mean(reference_, values)));
        std::rotate(sides.begin(), found, found + 1);
    }
    return show_comparison(compare_sides(sides, by, rules_),
                           {side_line("reports", group), fmt::format("by {}; base: {}", by_, sides.front().name)});
}

ExitCode Compare::show_comparison(const Comparison& comparison, std::vector<std::string> sides) const {
    const ComparisonShown shown{std::move(sides), all_};
    if (format_ == "json")
        show_json(comparison_json(comparison, rules_, shown));
    else
        show(comparison_document(comparison, rules_, shown), format_ == "markdown" ? DrawnAs::markdown
                                                             : format_ == "html"   ? DrawnAs::html
                                                                                   : DrawnAs::console);
    if (comparison.broken() > 0) return exit_wrong;
    if (comparison.count(Finding::regression, true) > 0) return exit_worse;
    if (comparison.cells.empty()) return exit_nothing;
    return strict_ && comparison.count(Finding::inconclusive, true) > 0 ? exit_inconclusive : exit_fine;
}

ExitCode Compare::run() {
    if (by_.empty() && !reference_.empty()) throw BadInput("--reference has no effect without --by");
    return by_.empty() ? compare_two() : compare_values();
}

}  // namespace

std::unique_ptr<Command> compare_command() { return std::make_unique<Compare>(); }

}  // namespace stele
