// stele compare: is one side slower than the other?
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <vector>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "harness/base/visible.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/interleaved_runs.hpp"
#include "harness/cli/interrupt.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/report_groups.hpp"
#include "harness/study/comparison_tables.hpp"
#include "harness/study/page/pages.hpp"

namespace stele {

namespace {

/// A number with a unit or without.
double number_in(const std::string& text, std::string_view unit, double most, std::string_view what) {
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
    const std::string_view rest(stopped, static_cast<std::size_t>(end - stopped));
    if (error != std::errc{} || !(rest.empty() || rest == unit) || !(value >= 0 && value <= most))
        throw std::invalid_argument(fmt::format("'{}' is not {}", shortened(text), what));
    return value;
}

double percent_in(const std::string& text) {
    return number_in(text, "%", 100, "a number of percent from 0 to 100, such as 2 or 0.5%") / 100;
}

double nanoseconds_in(const std::string& text) {
    constexpr std::string_view what = "a time such as 500ns, 10us or 1ms";
    for (const auto& [unit, factor] : {std::pair{"ns", 1.0}, {"us", 1e3}, {"ms", 1e6}})
        if (text.ends_with(unit)) return factor * number_in(text, unit, 1e6, what);
    throw std::invalid_argument(fmt::format("'{}' is not {}", shortened(text), what));
}

std::uint32_t whole_in(const std::string& text, std::uint32_t least, std::uint32_t most, std::string_view what) {
    std::uint32_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stopped != end || value < least || value > most)
        throw std::invalid_argument(fmt::format("'{}' is not {} from {} to {}", shortened(text), what, least, most));
    return value;
}

/// An option of `bench` that goes to both binaries as it is; they know what it may be.
struct PassedOption {
    std::string name;
    std::vector<std::string> values;
};

/// What both binaries measure.
struct MeasuredCells {
    std::vector<std::string> globs, problems, devices, suites;
};

class Compare final : public Command {
public:
    std::string_view name() const override { return "compare"; }
    void declare(Arguments& arguments) override {
        arguments.texts("words", words_);
        arguments.choice("--by", by_, {"language", "algorithm", "tile", "device", "tuning", "revision"});
        arguments.text("--reference", reference_);
        arguments.parsed("--margin", [this](const std::string& text) { rules_.margin = percent_in(text); });
        arguments.parsed("--floor", [this](const std::string& text) { rules_.floor = percent_in(text); });
        arguments.parsed("--min-time", [this](const std::string& text) { rules_.min_time_ns = nanoseconds_in(text); });
        arguments.flag("--short", rules_.short_cells_count);
        arguments.flag("--gate", rules_.gate);
        arguments.flag("--strict", strict_);
        arguments.parsed("--allow", [this](const std::string& text) { allow(text); });
        arguments.flag("--all", all_);
        arguments.choice("--format", format_, {"console", "markdown", "md", "html", "json", "junit"});
        arguments.texts("--problem", problems_);
        arguments.texts("--binary", binaries_);
        arguments.parsed("--rounds",
                         [this](const std::string& text) { rounds_ = whole_in(text, 2, 1000, "a number of rounds"); });
        arguments.text("--out", out_);
        arguments.texts("--device", devices_);
        arguments.texts("--suite", suites_);
        for (PassedOption& option : passed_) arguments.texts(option.name, option.values);
        arguments.flag("--no-tuning", no_tuning_);
        for (const char* option : {"--by", "--reference", "--allow"}) arguments.useless_beside(option, "--binary");
    }
    ExitCode run() override;

private:
    void allow(const std::string& text) {
        const auto names = names_of<Condition>();
        const auto condition = from_name<Condition>(text);
        if (!condition)
            throw std::invalid_argument(fmt::format("'{}' is not one of {}{}", shortened(text), fmt::join(names, ", "),
                                                    did_you_mean(text, names)));
        rules_.allowed.insert(*condition);
    }
    void check_options() const;
    ExitCode compare_files();
    ExitCode compare_values();
    ExitCode compare_binaries();
    InterleavedRuns runs_of(const MeasuredCells& cells, const std::filesystem::path& folder) const;
    ExitCode show_comparison(const Comparison& comparison, std::vector<std::string> sides,
                             std::vector<SiblingParity> parity = {}) const;

    std::vector<std::string> words_;  ///< reports; beside --binary globs
    std::string by_, reference_, format_ = "console", out_;
    CompareRules rules_;
    bool strict_ = false, all_ = false, no_tuning_ = false;
    std::vector<std::string> problems_;  ///< globs; beside --binary problems
    std::vector<std::string> binaries_, devices_, suites_;
    std::optional<std::uint32_t> rounds_;
    std::vector<PassedOption> passed_{{"--time", {}}, {"--cache", {}},        {"--regime", {}},
                                      {"--fill", {}}, {"--cell-timeout", {}}, {"--tuning", {}}};
};

/// What stands before "vs" and after it; of two paths one each.
std::pair<std::vector<std::string>, std::vector<std::string>> two_sides(const std::vector<std::string>& words) {
    const auto between = std::ranges::find(words, "vs");
    if (between == words.end() && words.size() == 2) return {{words[0]}, {words[1]}};
    if (between == words.end() || between == words.begin() || between + 1 == words.end() ||
        std::find(between + 1, words.end(), "vs") != words.end())
        throw BadInput(
            "compare takes two reports or folders; or several with the word vs between the sides, as in base1.json "
            "base2.json vs new1.json new2.json; or any number with --by");
    return {{words.begin(), between}, {between + 1, words.end()}};
}

void Compare::check_options() const {
    if (by_.empty() && !reference_.empty()) throw BadInput("--reference has no effect without --by");
    if (!binaries_.empty()) {
        if (binaries_.size() != 2) throw BadInput("--binary is given twice, for the base and for the new one");
        return;
    }
    const auto given = std::ranges::find_if(passed_, [](const PassedOption& option) { return !option.values.empty(); });
    const std::string useless = given != passed_.end() ? given->name
                                : !devices_.empty()    ? "--device"
                                : !suites_.empty()     ? "--suite"
                                : rounds_              ? "--rounds"
                                : !out_.empty()        ? "--out"
                                : no_tuning_           ? "--no-tuning"
                                                       : "";
    if (!useless.empty()) throw BadInput(fmt::format("{} has no effect without --binary", useless));
}

ExitCode Compare::compare_files() {
    const auto [base_files, new_files] = two_sides(words_);
    ReportGroup base = read_group(base_files), other = read_group(new_files);
    for (ReportGroup* group : {&base, &other}) keep_problems(*group, problems_);
    const std::vector<NamedSide> sides{side_of("base", base.reports), side_of("new", other.reports)};
    return show_comparison(compare_sides(sides, By::side, rules_),
                           {group_line("base", base), group_line("new", other)});
}

ExitCode Compare::compare_values() {
    if (words_.empty()) throw BadInput("--by takes one report or more");
    ReportGroup group = read_group(words_);
    keep_problems(group, problems_);
    const By by = *from_name<By>(by_);
    std::vector<NamedSide> sides = sides_by(by, group.reports);
    std::vector<std::string> values;
    for (const NamedSide& side : sides) values.push_back(side.name);
    if (!reference_.empty()) {
        const auto found = std::ranges::find(sides, reference_, &NamedSide::name);
        if (found == sides.end())
            throw BadInput(fmt::format("--reference {}: not one of {}{}", reference_, fmt::join(values, ", "),
                                       did_you_mean(reference_, values)));
        std::rotate(sides.begin(), found, found + 1);
    }
    if (sides.size() < 2)
        throw NothingFound(fmt::format("nothing to compare by {}: there is {}", by_,
                                       values.empty() ? "no cell" : "only " + values.front()));
    const Comparison comparison = compare_sides(sides, by, rules_);
    return show_comparison(comparison,
                           {group_line("reports", group), fmt::format("by {}; base: {}", by_, sides.front().name)},
                           by == By::language ? parity_of_comparison(comparison) : std::vector<SiblingParity>{});
}

InterleavedRuns Compare::runs_of(const MeasuredCells& cells, const std::filesystem::path& folder) const {
    InterleavedRuns runs{{binaries_[0], binaries_[1]}, cells.globs, rounds_.value_or(10), 1, folder};
    const auto add = [&](const std::string& option, const auto& values) {
        for (const std::string& value : values) runs.words.insert(runs.words.end(), {option, value});
    };
    add("--problem", cells.problems);
    add("--device", cells.devices);
    add("--suite", cells.suites);
    for (const PassedOption& option : passed_) add(option.name, option.values);
    if (no_tuning_) runs.words.emplace_back("--no-tuning");
    return runs;
}

/// The cells that are worse, and little else.
MeasuredCells regressed_cells(const Comparison& comparison) {
    std::set<std::string> variants, problems, devices;
    for (const CellComparison& cell : comparison.cells) {
        if (cell.found.finding != Finding::regression) continue;
        variants.insert(cell.cells.other->key.variant);
        problems.insert(cell.cells.other->key.problem);
        devices.insert(cell.cells.other->first().device);
    }
    return {
        {variants.begin(), variants.end()}, {problems.begin(), problems.end()}, {devices.begin(), devices.end()}, {}};
}

/// Where reports of --binary go: into a new or empty folder, else into one that goes away when all is well.
std::filesystem::path folder_for(const std::string& out, std::optional<TemporaryFolder>& temporary) {
    if (out.empty()) return temporary.emplace().path();
    std::error_code none;
    if (std::filesystem::exists(out, none) && !std::filesystem::is_empty(out, none))
        throw BadInput(fmt::format("--out {}: not an empty folder", out));
    make_folder(out);
    return out;
}

ExitCode Compare::compare_binaries() {
    std::optional<TemporaryFolder> temporary;
    const std::filesystem::path folder = folder_for(out_, temporary);
    keep_what_is_measured();
    Progress progress;
    // Both sides outlive their comparison.
    struct Measured {
        ReportGroup base, other;
        std::vector<NamedSide> sides;
    };
    const auto measure = [&](const InterleavedRuns& runs) {
        const std::uint32_t done =
            run_interleaved(runs, [&](const std::string& line) { progress.show(line); }, interrupted);
        progress.clear();
        const std::string base = (folder / runs.names[0]).string(), other = (folder / runs.names[1]).string();
        if (done < runs.rounds && temporary && done > 0) temporary->keep();
        if (done < runs.rounds)
            throw Interrupted(done == 0 ? "interrupted before a round was whole"
                                        : fmt::format("interrupted; {} whole rounds are kept: stele compare {} {}",
                                                      done, base, other));
        auto measured = std::make_unique<Measured>(Measured{read_group({base}), read_group({other}), {}});
        measured->sides = {side_of("base", measured->base.reports), side_of("new", measured->other.reports)};
        return measured;
    };
    InterleavedRuns runs = runs_of({words_, problems_, devices_, suites_}, folder);
    const auto first = measure(runs);
    Comparison comparison = compare_sides(first->sides, By::side, rules_);
    std::unique_ptr<Measured> again;
    if (comparison.count(Finding::regression) > 0) {
        InterleavedRuns fresh = runs_of(regressed_cells(comparison), folder);
        fresh.seed += fresh.rounds;
        fresh.names = {"base-again", "new-again"};
        again = measure(fresh);
        confirm_regressions(comparison, compare_sides(again->sides, By::side, rules_));
    }
    std::vector<std::string> sides{group_line("base, " + binaries_[0], first->base),
                                   group_line("new, " + binaries_[1], first->other)};
    return show_comparison(comparison, std::move(sides));
}

ExitCode Compare::show_comparison(const Comparison& comparison, std::vector<std::string> sides,
                                  std::vector<SiblingParity> parity) const {
    const ComparisonShown shown{std::move(sides), std::move(parity), all_};
    if (format_ == "json")
        show_json(comparison_json(comparison, rules_, shown));
    else if (format_ == "junit")
        write_output(comparison_junit(comparison));
    else if (format_ == "markdown" || format_ == "md")
        write_output(comparison_markdown(comparison, rules_, shown));
    else if (format_ == "html")
        show(comparison_page(comparison, rules_, shown), DrawnAs::html);
    else
        show(comparison_document(comparison, rules_, shown));
    if (comparison.broken() > 0) return exit_wrong;
    if (comparison.worse() > 0) return exit_worse;
    if (comparison.cells.empty()) return exit_nothing;
    return strict_ && comparison.count(Finding::inconclusive, true) > 0 ? exit_inconclusive : exit_fine;
}

ExitCode Compare::run() {
    check_options();
    if (!binaries_.empty()) return compare_binaries();
    return by_.empty() ? compare_files() : compare_values();
}

}  // namespace

std::unique_ptr<Command> compare_command() { return std::make_unique<Compare>(); }

}  // namespace stele
