#include "harness/study/comparison_tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/base/text.hpp"

namespace stele {

namespace {

/// What a comment on a pull request may hold, with room for what stands around it.
constexpr std::size_t most_markdown_bytes = 60'000;

const Verdict& verdict_of(const SideCell& cell) { return cell.telling().verdict; }

std::string side_text(const SideCell& cell) {
    const Verdict& verdict = verdict_of(cell);
    if (verdict.outcome == Outcome::passed)
        return cell.telling().untimed ? "passed, not timed: " + cell.telling().untimed->reason : "passed";
    return fmt::format("{}: {}", name(verdict.outcome), verdict.reason);
}

std::string name_of(const SideCell& cell) {
    return cell_title(cell.key.variant, cell.key.problem, cell.first().device);
}

std::string p_text(double p) { return p < 0.001 ? error_text(p) : three_digits(p); }

std::string plural(std::size_t count, std::string_view one) {
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

Row cell_row(const CellComparison& cell, std::size_t place) {
    const bool has_interval = cell.effect.test.has_value();
    const Interval interval = cell.interval();
    return {{fmt::format("{}{}", name(cell.found.finding), cell.counts ? "" : ", short"), time_text(cell.base_ns),
             time_text(cell.other_ns), fmt::format("{:.3f}", cell.ratio()),
             has_interval ? fmt::format("{:.3f}–{:.3f}", interval.low, interval.high) : "–",
             has_interval ? p_text(cell.adjusted_p) : "–", p_text(cell.effect.flip_p)},
            cell_text(cell),
            compared_anchor(place)};
}

/// Cuts a table's rows, and says how many there are besides.
void limit_rows(Table& table, std::size_t most) {
    if (table.rows.size() <= most) return;
    const std::size_t more = table.rows.size() - most;
    table.rows.resize(most);
    table.notes.insert(table.notes.begin(), fmt::format("{} more; --format json has them", plural(more, "row")));
}

std::vector<std::string> reading_notes(const Comparison& comparison, const CompareRules& rules) {
    std::vector<std::string> notes;
    const std::size_t least = comparison.least_pairs(), most = comparison.most_pairs();
    std::string pairs = least == most ? plural(least, "pair") : fmt::format("{} to {} pairs", least, most);
    notes.push_back(
        fmt::format("ratio: the other's time ÷ the base's, over {} of rounds, with the paired-t interval; p: "
                    "adjusted for {} by {}; "
                    "flips: exact p of flipped signs, of one cell alone",
                    pairs, plural(comparison.tests, "cell"), rules.gate ? "Holm" : "Benjamini and Hochberg"));
    const double narrow = 100 * comparison.least_margin(), wide = 100 * comparison.most_margin();
    notes.push_back(fmt::format("margin {:.3g} %{}{}", narrow, wide > narrow ? fmt::format(" to {:.3g} %", wide) : "",
                                comparison.most_margin() > rules.margin ? ", what equal sides differ by there" : ""));
    notes.push_back(fmt::format("{} of rounds give no p of flips below {}; for {} a p below {} takes {} rounds",
                                plural(most, "pair"), p_text(least_sign_flip_p(most)), plural(comparison.tests, "cell"),
                                rules.alpha, pairs_for_sign_flips(comparison.tests, rules.alpha)));
    return notes;
}

/// Where all have the same other side, its name.
std::string other_title(const Comparison& comparison) {
    const std::string& first = comparison.cells.front().other_side;
    const bool one =
        std::ranges::all_of(comparison.cells, [&](const CellComparison& cell) { return cell.other_side == first; });
    return one && first.size() < 12 ? first : "other";
}

Table cells_table(const Comparison& comparison, const CompareRules& rules, const ComparisonShown& shown) {
    Table table;
    table.title = "Cells";
    table.columns = {{"finding", Align::left}, {"base", Align::right}, {other_title(comparison), Align::right},
                     {"ratio", Align::right},  {"95 %", Align::right}, {"p", Align::right},
                     {"flips", Align::right},  {"cell", Align::left}};
    std::size_t same = 0;
    double slowest = 1, fastest = 1;
    for (std::size_t place = 0; place < comparison.cells.size(); ++place) {
        const CellComparison& cell = comparison.cells[place];
        if (cell.found.finding != Finding::same || shown.all) {
            table.rows.push_back(cell_row(cell, place));
        } else {
            ++same;
            slowest = std::max(slowest, cell.ratio());
            fastest = std::min(fastest, cell.ratio());
        }
    }
    if (table.rows.empty()) table.columns.clear();
    limit_rows(table, shown.most_rows);
    if (same > 0)
        table.notes.push_back(fmt::format("{} the same within the margin: ratios {:.3f} to {:.3f}; --all shows {}",
                                          plural(same, "cell"), fastest, slowest, same == 1 ? "it" : "them"));
    for (std::string& note : reading_notes(comparison, rules)) table.notes.push_back(std::move(note));
    return table;
}

std::string_view label_of(const WithoutTime& pair) {
    return pair.is_broken() ? "BROKEN" : pair.is_too_slow() ? "TOO SLOW" : pair.is_mended() ? "mended" : "no time";
}

Table without_time_table(const Comparison& comparison, const ComparisonShown& shown) {
    Table table;
    table.title = "Without a time on a side";
    table.columns = {{"", Align::left}, {"cell", Align::left}};
    for (const std::string_view wanted : {"BROKEN", "TOO SLOW", "mended", "no time"})
        for (const WithoutTime& pair : comparison.without_time)
            if (label_of(pair) == wanted)
                table.rows.push_back(
                    {{std::string(wanted)},
                     fmt::format("{}; {}: {}; {}: {}", name_of(*pair.cells.base), pair.base_side,
                                 side_text(*pair.cells.base), pair.other_side, side_text(*pair.cells.other))});
    limit_rows(table, shown.most_rows);
    return table;
}

Table groups_table(const Comparison& comparison) {
    Table table;
    table.title = "Geometric means";
    table.columns = {{"group", Align::left},
                     {"cells", Align::right},
                     {"ratio", Align::right},
                     {"95 %", Align::right},
                     {"p", Align::right}};
    const bool several = std::ranges::any_of(comparison.groups, [&](const GroupComparison& group) {
        return group.other_side != comparison.groups.front().other_side;
    });
    for (const GroupComparison& group : comparison.groups)
        table.rows.push_back(
            {{several ? fmt::format("{}: {} ÷ {}", group.name, group.other_side, group.base_side) : group.name,
              std::to_string(group.cells), fmt::format("{:.4f}", std::exp(group.test.mean)),
              fmt::format("{:.4f}–{:.4f}", std::exp(group.test.interval.low), std::exp(group.test.interval.high)),
              p_text(group.test.p)},
             {}});
    return table;
}

/// Cells by what they were refused for.
Table refused_table(const Comparison& comparison, const ComparisonShown& shown) {
    std::map<std::string, std::vector<std::string>> reasons;
    for (const RefusedCells& refused : comparison.refused) {
        std::vector<std::string> parts, allow;
        for (const Condition condition : refused.differing) {
            parts.push_back(difference_text(condition, *refused.base, *refused.other));
            allow.push_back(fmt::format("--allow {}", name(condition)));
        }
        reasons[fmt::format("{}; {} compares them nevertheless", fmt::join(parts, ", "), fmt::join(allow, " "))]
            .push_back(name_of(*refused.base));
    }
    Table table;
    table.title = "Refused, as not comparable";
    table.columns = {{"cells", Align::right}, {"why", Align::left}};
    for (const auto& [reason, cells] : reasons)
        table.rows.push_back({{std::to_string(cells.size())},
                              fmt::format("{}: {}", reason,
                                          shown.all || cells.size() == 1 ? fmt::format("{}", fmt::join(cells, "; "))
                                                                         : cells.front() + ", …")});
    limit_rows(table, shown.most_rows);
    return table;
}

Table one_sided_table(const Comparison& comparison, const ComparisonShown& shown) {
    Table table;
    table.title = "On one side only";
    if (shown.all) {
        table.columns = {{"only in", Align::left}, {"cell", Align::left}};
        for (const OneSided& one : comparison.one_sided) table.rows.push_back({{one.here}, name_of(*one.cell)});
        limit_rows(table, shown.most_rows);
        return table;
    }
    std::map<std::string, std::size_t> counts;
    for (const OneSided& one : comparison.one_sided) ++counts[one.here];
    std::vector<std::string> parts;
    for (const auto& [side, count] : counts) parts.push_back(fmt::format("{} only in {}", plural(count, "cell"), side));
    table.notes.push_back(fmt::format("{}; --all lists them", fmt::join(parts, ", ")));
    return table;
}

}  // namespace

std::string compared_anchor(std::size_t cell) { return fmt::format("compared-{}", cell + 1); }

std::string cell_name(const CellComparison& cell) {
    const SideCell &base = *cell.cells.base, &other = *cell.cells.other;
    if (base.key.variant == other.key.variant && base.first().device == other.first().device) return name_of(other);
    if (base.first().device == other.first().device) return fmt::format("{} ÷ {}", other.key.variant, name_of(base));
    return fmt::format("{} ÷ {}", name_of(other), name_of(base));
}

std::string cell_text(const CellComparison& cell) {
    std::vector<std::string> parts{cell_name(cell)};
    if (cell.found.finding == Finding::same && cell.found.differs)
        parts.emplace_back("a small difference, and a real one");
    if (cell.again)
        parts.push_back(fmt::format("{} by fresh processes: {:.3f}",
                                    cell.again->confirmed ? "confirmed" : "not confirmed", cell.again->ratio));
    if (cell.found.finding == Finding::inconclusive && !cell.again) {
        if (cell.effect.pairs < 2) parts.emplace_back("one round on a side tells nothing of what processes differ by");
        parts.push_back(cell.found.rounds > 0 ? fmt::format("about {} rounds a side would settle it", cell.found.rounds)
                                              : "more than 1000 rounds would be needed");
    }
    if (!cell.found.bootstrap_agrees)
        parts.push_back(fmt::format("the bootstrap over rounds and samples disagrees: {:.3f}–{:.3f}",
                                    std::exp(cell.effect.bootstrap.low), std::exp(cell.effect.bootstrap.high)));
    if (cell.cells.base_choices > 1 || cell.cells.other_choices > 1)
        parts.push_back(fmt::format("the fastest of {} and of {}", cell.cells.base_choices, cell.cells.other_choices));
    parts.insert(parts.end(), cell.causes.begin(), cell.causes.end());
    return fmt::format("{}", fmt::join(parts, "; "));
}

std::string comparison_summary(const Comparison& comparison) {
    if (comparison.cells.empty() && comparison.broken() + comparison.worse() == 0) return "NOTHING COMPARED";
    const std::size_t slower = comparison.count(Finding::regression, true), worse = comparison.worse(),
                      short_slower = comparison.count(Finding::regression) - slower;
    std::string text = comparison.broken() > 0 ? "BROKEN: " : worse > 0 ? "REGRESSION: " : "NOTHING WORSE: ";
    if (comparison.broken() > 0)
        text += fmt::format("{} right before and not now; ", plural(comparison.broken(), "cell"));
    if (worse > slower) text += fmt::format("{} too slow to be timed now; ", plural(worse - slower, "cell"));
    text += fmt::format("of {} {} slower, {} faster, {} the same, {} inconclusive",
                        plural(comparison.cells.size(), "cell"), slower, comparison.count(Finding::improved),
                        comparison.count(Finding::same), comparison.count(Finding::inconclusive));
    if (short_slower > 0) text += fmt::format(", and {} slower that are too short to count", short_slower);
    return text;
}

std::string comparison_markdown(const Comparison& comparison, const CompareRules& rules, ComparisonShown shown) {
    for (shown.most_rows = std::min<std::size_t>(shown.most_rows, most_markdown_bytes);; shown.most_rows /= 2) {
        std::string text = drawn(comparison_document(comparison, rules, shown), DrawnAs::markdown);
        if (text.size() <= most_markdown_bytes) return text;
        if (shown.most_rows == 0) break;
    }
    Document least;
    least.add(Paragraph{comparison_summary(comparison)});
    return drawn(least, DrawnAs::markdown);
}

Document comparison_document(const Comparison& comparison, const CompareRules& rules, const ComparisonShown& shown) {
    Document document;
    document.add(Paragraph{comparison_summary(comparison)});
    Table sides;
    sides.title = "Sides";
    sides.notes = shown.sides;
    document.add(std::move(sides));
    if (!comparison.without_time.empty()) document.add(without_time_table(comparison, shown));
    if (!comparison.cells.empty()) document.add(cells_table(comparison, rules, shown));
    if (!comparison.groups.empty()) document.add(groups_table(comparison));
    if (!shown.parity.empty()) {
        Table parity = parity_table(shown.parity);
        limit_rows(parity, shown.most_rows);
        document.add(std::move(parity));
    }
    if (!comparison.refused.empty()) document.add(refused_table(comparison, shown));
    if (!comparison.one_sided.empty()) document.add(one_sided_table(comparison, shown));
    return document;
}

}  // namespace stele
