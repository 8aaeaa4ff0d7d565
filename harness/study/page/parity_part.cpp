#include "harness/study/page/parity_part.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "backends/language.hpp"
#include "backends/names.hpp"

namespace stele {

namespace {

std::string title_of_language(const std::string& named) {
    const auto language = from_name<Language>(named);
    return language ? std::string(info(*language).title) : named;
}

}  // namespace

std::string parity_words(std::span<const SiblingParity> rows) {
    if (rows.empty()) return "";
    std::size_t all = 0, alike = 0, unknown = 0;
    std::map<std::string, std::size_t> counts;
    for (const SiblingParity& row : rows) {
        const std::size_t problems = row.problems.size();
        all += problems;
        if (!row.no_plan.empty())
            unknown += problems;
        else if (row.differences.empty())
            alike += problems;
        for (const ParityDifference& one : row.differences) counts[one.what] += problems;
    }
    std::vector<std::pair<std::string, std::size_t>> order(counts.begin(), counts.end());
    std::ranges::stable_sort(order, std::greater{}, &std::pair<std::string, std::size_t>::second);
    std::vector<std::string> parts;
    for (const auto& [what, count] : order) parts.push_back(fmt::format("{} ({})", what, count));
    std::string text = fmt::format(
        "One algorithm in two languages should differ by its language alone. Of {} such pairs of cells that were timed "
        "under "
        "equal conditions {} do",
        all, alike);
    if (!parts.empty()) text += fmt::format("; the others differ in {} besides", fmt::join(parts, ", "));
    if (unknown > 0) text += fmt::format("; of {} the launches could not be compared", unknown);
    return text + ". A table says what, pair by pair.";
}

Table parity_part(std::span<const SiblingParity> rows) {
    Table table;
    table.title = "What differs beside the language";
    const bool several =
        std::ranges::any_of(rows, [&](const SiblingParity& row) { return row.hardware != rows.front().hardware; });
    table.columns = {{"algorithm", Align::left}};
    if (several) table.columns.push_back({"hardware", Align::left});
    for (const char* title : {"on", "differs", "one", "other"}) table.columns.push_back({title, Align::left});
    for (const SiblingParity& row : rows) {
        const std::string first = title_of_language(row.first), second = title_of_language(row.second);
        std::vector<std::string> pair{row.algorithm};
        if (several) pair.push_back(row.hardware);
        pair.push_back(row.problems.size() == 1 ? row.problems.front()
                                                : fmt::format("{} problems", row.problems.size()));
        const auto add = [&](const std::string& what, const std::string& one, const std::string& other) {
            Row& shown = table.rows.emplace_back(Row{pair, {}});
            shown.cells.insert(shown.cells.end(),
                               {what, fmt::format("{}: {}", first, one), fmt::format("{}: {}", second, other)});
        };
        for (const ParityDifference& one : row.differences)
            add(one.what, one.first.empty() ? "none" : one.first, one.second.empty() ? "none" : one.second);
        if (!row.no_plan.empty())
            table.rows.push_back(
                {pair, fmt::format("{} and {}: launches not compared: {}", first, second, row.no_plan)});
        else if (row.differences.empty())
            table.rows.push_back({pair, fmt::format("{} and {}: nothing else differs", first, second)});
    }
    if (!table.rows.empty())
        table.notes = {
            "Of each two languages of an algorithm the fastest tiles, on each problem that both were timed on: from "
            "what "
            "the reports say of both, and the launches that this program plans for their devices. What is not named is "
            "alike: geometry, shared memory, accumulator, compiler and options, timer, operands."};
    return table;
}

}  // namespace stele
