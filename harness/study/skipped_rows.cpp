#include "harness/study/skipped_rows.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace stele {

namespace {

/// Rows that give one kind of reason.
struct Group {
    std::string clause;  ///< the reason up to its first colon
    std::size_t rows = 0;
    std::set<std::string> reasons;
    std::vector<Language> languages;
};

bool is_skipped(const CellSide& cell) {
    return cell.measurement && cell.measurement->verdict.outcome == Outcome::skipped;
}

std::string text_of(const Group& group) {
    std::vector<std::string_view> titles;
    for (const Language language : group.languages) titles.push_back(info(language).title);
    const std::string_view last = titles.back();
    titles.pop_back();
    return fmt::format("{} {}{}{} row{}: {}", group.rows, fmt::join(titles, ", "), titles.empty() ? "" : " and ", last,
                       group.rows == 1 ? "" : "s", group.reasons.size() == 1 ? *group.reasons.begin() : group.clause);
}

}  // namespace

std::string count_skipped(ProblemSides& problem) {
    std::set<std::string> ran;
    for (const CellSide& cell : problem.cells)
        if (!is_skipped(cell)) ran.insert(cell.variant);
    std::vector<Group> groups;
    std::map<std::string, std::size_t> position;  ///< of each clause among the groups
    for (const CellSide& cell : problem.cells) {
        if (!is_skipped(cell) || ran.contains(cell.variant)) continue;
        const Measurement& measurement = *cell.measurement;
        const std::string& reason = measurement.verdict.reason;
        const std::string clause = reason.substr(0, reason.find(':'));
        const auto [found, is_new] = position.try_emplace(clause, groups.size());
        if (is_new) groups.emplace_back().clause = clause;
        Group& group = groups[found->second];
        ++group.rows;
        group.reasons.insert(reason);
        if (std::ranges::find(group.languages, measurement.language) == group.languages.end())
            group.languages.push_back(measurement.language);
    }
    std::erase_if(problem.cells, [&](const CellSide& cell) { return is_skipped(cell) && !ran.contains(cell.variant); });
    std::vector<std::string> parts;
    std::ranges::transform(groups, std::back_inserter(parts), text_of);
    return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace stele
