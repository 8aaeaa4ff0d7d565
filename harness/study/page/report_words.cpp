#include "harness/study/page/report_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "harness/base/text.hpp"
#include "harness/study/language_ratio.hpp"

namespace stele {

namespace {

/// "a", "a and b", "a, b and c"
std::string listed(const std::vector<std::string>& parts) {
    if (parts.size() < 2) return parts.empty() ? "" : parts.front();
    return fmt::format("{} and {}", fmt::join(parts.begin(), parts.end() - 1, ", "), parts.back());
}

std::string counted_text(std::size_t count, std::string_view one) {
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

/// Ratios of speeds, for their geometric mean and range.
struct Ratios {
    std::vector<double> values;

    std::string text() const {
        double sum = 0;
        for (const double value : values) sum += std::log(value);
        const auto [least, most] = std::ranges::minmax(values);
        const std::string mean = three_digits(std::exp(sum / static_cast<double>(values.size())));
        return values.size() == 1 ? mean : fmt::format("{} ({} to {})", mean, three_digits(least), three_digits(most));
    }
    /// "1.66 × as fast as the next language (1.05 to 4.34)"
    std::string times(std::string_view what) const {
        std::string numbers = text();
        const std::size_t range = std::min(numbers.find(' '), numbers.size());
        return fmt::format("{} × {}{}", numbers.substr(0, range), what, numbers.substr(range));
    }
};

/// Who won on a piece of hardware.
struct Standing {
    std::string hardware;
    std::map<Language, Ratios> won;         ///< by how much the next language was slower, where that is clear
    std::size_t close = 0;                  ///< problems that are too close to call
    std::map<Language, std::size_t> alone;  ///< problems on which only one language was timed
    Ratios beside_vendor;                   ///< speed of the best language ÷ the fastest library's
    std::size_t above_vendor = 0, below_vendor = 0;
    std::size_t several = 0, single = 0;  ///< ratios of several processes, and of one's samples
    std::size_t most_pairs = 0;           ///< processes that a ratio is from
    double most_margin = 0;

    std::size_t contested() const {
        std::size_t count = close;
        for (const auto& [language, ratios] : won) count += ratios.values.size();
        return count;
    }
};

void add_vendor(Standing& standing, const LanguageRatio& ratio) {
    standing.beside_vendor.values.push_back(1 / ratio.ratio.estimate);
    if (ratio.is_clear()) ++(ratio.ratio.estimate < 1 ? standing.above_vendor : standing.below_vendor);
}

/// On all operations, or on one.
Standing standing_on(const PageCells& cells, const std::string& hardware, const std::string& operation = "") {
    Standing standing;
    standing.hardware = hardware;
    const auto ratio_of = [&](const ProblemSides& problem, Language language, Language reference) {
        const auto ratio = language_ratio(problem, cells.reports, language, reference);
        if (ratio) {
            standing.most_pairs = std::max(standing.most_pairs, ratio->pairs);
            ++(ratio->pairs > 1 ? standing.several : standing.single);
            standing.most_margin = std::max(standing.most_margin, ratio->margin);
        }
        return ratio;
    };
    for (const ProblemSides& problem : cells.problems) {
        // What reaches a ceiling is no contest.
        if (problem.hardware != hardware || problem.operation == "ceiling") continue;
        if (!operation.empty() && problem.operation != operation) continue;
        std::vector<LanguageBest> bests = language_bests(problem);
        const bool has_vendor = std::ranges::find(bests, Language::vendor, &LanguageBest::language) != bests.end();
        std::erase_if(bests, [](const LanguageBest& best) { return best_kernel({&best, 1}) == nullptr; });
        if (bests.empty()) continue;
        const Language first = bests.front().language;
        if (has_vendor)
            if (const auto ratio = ratio_of(problem, first, Language::vendor)) add_vendor(standing, *ratio);
        if (bests.size() == 1) {
            ++standing.alone[first];
            continue;
        }
        const auto ahead = ratio_of(problem, bests[1].language, first);
        if (ahead && ahead->is_clear() && ahead->ratio.estimate > 1)
            standing.won[first].values.push_back(ahead->ratio.estimate);
        else
            ++standing.close;
    }
    return standing;
}

std::string title_of(Language language) { return std::string(info(language).title); }

std::string winners_text(const Standing& standing) {
    std::vector<std::string> parts;
    std::vector<std::pair<Language, Ratios>> order(standing.won.begin(), standing.won.end());
    std::ranges::stable_sort(order, std::greater{}, [](const auto& one) { return one.second.values.size(); });
    for (const auto& [language, ratios] : order)
        parts.push_back(fmt::format("{} won {}, there {}", title_of(language), ratios.values.size(),
                                    ratios.times("as fast as the next language")));
    if (standing.close > 0)
        parts.push_back(fmt::format("{} {} too close to call", standing.close, standing.close == 1 ? "was" : "were"));
    std::string text;
    if (standing.contested() > 0)
        text = fmt::format("Of {} that more than one language was timed on, {}. ",
                           counted_text(standing.contested(), "problem"), listed(parts));
    std::vector<std::string> alone;
    for (const auto& [language, count] : standing.alone)
        alone.push_back(fmt::format("{} on {}", title_of(language), counted_text(count, "problem")));
    if (!alone.empty()) text += fmt::format("Timed alone, so that nobody won there: {}. ", listed(alone));
    return text;
}

std::string vendor_text(const Standing& standing) {
    if (standing.beside_vendor.values.empty()) return "No vendor's library was timed here.";
    const std::size_t count = standing.beside_vendor.values.size();
    return fmt::format(
        "Beside the fastest vendor's library, on {}: the best language reached {}; it was faster on {}, slower on {} "
        "and too close to call on {}.",
        counted_text(count, "problem"), standing.beside_vendor.times("its speed"), standing.above_vendor,
        standing.below_vendor, count - standing.above_vendor - standing.below_vendor);
}

std::vector<Standing> standings_of(const PageCells& cells) {
    std::vector<Standing> standings;
    for (const std::string& hardware : cells.hardware()) standings.push_back(standing_on(cells, hardware));
    return standings;
}

std::string sureness_text(const std::vector<Standing>& standings) {
    std::size_t several = 0, single = 0, most_pairs = 0;
    double margin = 0;
    for (const Standing& standing : standings) {
        several += standing.several;
        single += standing.single;
        most_pairs = std::max(most_pairs, standing.most_pairs);
        margin = std::max(margin, standing.most_margin);
    }
    if (several + single == 0) return "";
    std::string text = fmt::format(
        "A win counts only where it is clear: the 95 % interval of the ratio of both times leaves 1 out, and the ratio "
        "is beyond the margin ({:.3g} % at most), within which a difference matters to nobody. ",
        100 * margin);
    if (several > 0)
        text += fmt::format("Of the {} ratios {} are of several processes, up to {}. ", several + single, several,
                            most_pairs);
    if (single > 0)
        text += fmt::format(
            "{} of one process's samples: what differs from process to process is not in {}, so a few percent may fall "
            "otherwise tomorrow, and stele bench --rounds tells.",
            several > 0 ? fmt::format("The other {} are", single) : "All are", several > 0 ? "those" : "them");
    return text;
}

/// Without ceilings, which are no contest, where there is anything else.
std::vector<std::string> operations_of(const PageCells& cells) {
    std::vector<std::string> operations = cells.operations();
    if (operations.size() > 1) std::erase(operations, "ceiling");
    return operations;
}

/// What was measured, on what, and when.
std::string measured_text(const PageCells& cells) {
    std::size_t timed = 0, untimed = 0, failed = 0, skipped = 0;
    std::set<std::string> days, revisions, problems;
    for (const Report& report : cells.reports) {
        days.insert(report.environment.started.substr(0, 10));
        revisions.insert(report.environment.revision);
        for (const Measurement& cell : report.measurements)
            ++(cell.timing                                ? timed
               : is_failure(cell.verdict.outcome)         ? failed
               : cell.verdict.outcome == Outcome::skipped ? skipped
                                                          : untimed);
    }
    for (const ProblemSides& problem : cells.problems)
        if (problem.operation != "ceiling") problems.insert(problem.operation + ' ' + problem_label(problem));
    std::vector<std::string> outcomes{fmt::format("{} were right and timed", timed)};
    if (untimed > 0) outcomes.push_back(fmt::format("{} right and not timed", untimed));
    outcomes.push_back(failed > 0 ? fmt::format("{} NOT RIGHT", failed) : "none was wrong");
    outcomes.push_back(fmt::format("{} were not run", skipped));
    return fmt::format(
        "Stele writes the same GPU kernels in several languages, checks each result against a reference, and times "
        "what is right. This page is of {}, measured {} by revision {}: {} of {} on {}. Of {} (a kernel on a problem, "
        "or on a test of the hardware's ceilings) {}.",
        counted_text(cells.reports.size(), "report"),
        days.size() == 1 ? *days.begin() : fmt::format("{} to {}", *days.begin(), *days.rbegin()),
        revisions.size() == 1 ? *revisions.begin() : fmt::format("{} and others", *revisions.rbegin()),
        counted_text(problems.size(), "problem"), listed(operations_of(cells)), listed(cells.hardware()),
        counted_text(timed + untimed + failed + skipped, "cell"), listed(outcomes));
}

/// The reasons that most cells give; the table has them all.
std::string not_run_text(const PageCells& cells) {
    const Table table = not_run_table(cells);
    if (table.rows.empty()) return "Everything that was asked for was run.";
    std::map<std::string, std::size_t> clauses;
    for (const Row& row : table.rows)
        clauses[row.cells[1].substr(0, row.cells[1].find(':'))] += std::stoul(row.cells[0]);
    std::vector<std::pair<std::string, std::size_t>> order(clauses.begin(), clauses.end());
    std::ranges::stable_sort(order, std::greater{}, &std::pair<std::string, std::size_t>::second);
    std::vector<std::string> parts;
    std::size_t rest = 0;
    for (std::size_t i = 0; i < order.size(); ++i)
        if (i < 3)
            parts.push_back(fmt::format("{} cells ({})", order[i].second, order[i].first));
        else
            rest += order[i].second;
    if (rest > 0) parts.push_back(fmt::format("{} for other reasons", rest));
    return fmt::format("{}. A table has every reason.", listed(parts));
}

}  // namespace

std::string page_title(const PageCells& cells) {
    return fmt::format("{} on {}", listed(operations_of(cells)), listed(cells.hardware()));
}

std::vector<Paragraph> report_words(const PageCells& cells) {
    std::vector<Paragraph> words{{measured_text(cells), "What this is:"}};
    const std::vector<Standing> standings = standings_of(cells);
    for (const Standing& standing : standings)
        if (const std::string won = winners_text(standing); !won.empty())
            words.push_back({won + vendor_text(standing), fmt::format("Who won on {}:", standing.hardware)});
    if (std::string text = sureness_text(standings); !text.empty()) words.push_back({std::move(text), "How sure:"});
    words.push_back({not_run_text(cells), "What was not run:"});
    return words;
}

Table winners_table(const PageCells& cells) {
    Table table;
    table.title = "Which language won";
    table.columns = {{"hardware", Align::left},
                     {"operation", Align::left},
                     {"language", Align::left},
                     {"problems won", Align::right},
                     {"× as fast as the next language", Align::right}};
    for (const std::string& hardware : cells.hardware())
        for (const std::string& operation : operations_of(cells)) {
            const Standing standing = standing_on(cells, hardware, operation);
            const auto add = [&](const std::string& language, std::size_t count, const std::string& ratio) {
                table.rows.push_back({{hardware, operation, language, std::to_string(count), ratio}, {}});
            };
            for (const auto& [language, ratios] : standing.won)
                add(title_of(language), ratios.values.size(), ratios.text());
            if (standing.close > 0) add("too close to call", standing.close, "–");
            for (const auto& [language, count] : standing.alone) add(title_of(language) + ", alone", count, "–");
        }
    if (!table.rows.empty())
        table.notes = {
            "Geometric means over problems, with the least and the most. Alone: no other language was timed."};
    return table;
}

}  // namespace stele
