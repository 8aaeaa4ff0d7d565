#include "harness/study/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "harness/base/multiplicity.hpp"
#include "harness/record/noise_floor.hpp"

namespace stele {

namespace {

std::string tile_suffix(const SideCell& cell) { return cell.first().tile.empty() ? "" : '@' + cell.first().tile; }

/// The variant without what the sides differ by, and without a tile where another value brings its own.
std::string identity_by(By by, const SideCell& cell) {
    const Measurement& first = cell.first();
    switch (by) {
        case By::language:
            return fmt::format("{}/{}{}", first.operation, first.algorithm, tile_suffix(cell));
        case By::algorithm:
            return fmt::format("{}/*.{}", first.operation, name(first.language));
        case By::tile:
        case By::device:
        case By::tuning:
            return fmt::format("{}/{}.{}", first.operation, first.algorithm, name(first.language));
        case By::side:
        case By::revision:
            break;
    }
    return cell.key.variant;
}

/// What differs because the values do.
std::set<Condition> implied_by(By by) {
    if (by == By::language) return {Condition::runtime};
    if (by == By::device) return {Condition::hardware, Condition::runtime, Condition::threads};
    return {};
}

CellComparison compare_cells(const MatchedCells& cells, const std::set<Condition>& implied, const CompareRules& rules) {
    CellComparison out;
    out.cells = cells;
    std::erase_if(out.cells.let_pass, [&](Condition condition) { return implied.contains(condition); });
    const std::vector<PairedRounds> rounds = pair_rounds(*cells.base, *cells.other);
    std::vector<RoundPair> samples;
    std::vector<double> base, other;
    for (const PairedRounds& round : rounds) {
        samples.push_back({round.base->samples_ns, round.other->samples_ns});
        base.push_back(round.base->median_ns);
        other.push_back(round.other->median_ns);
    }
    out.base_ns = median(base);
    out.other_ns = median(other);
    out.effect = effect_of(samples, rules.seed);
    const double shortest = rules.min_time(*cells.base);
    out.counts = rules.short_cells_count || (out.base_ns >= shortest && out.other_ns >= shortest);
    out.margin = rules.margin_for(cells, out.effect.pairs);
    out.causes = causes_of(out.cells, rounds, out.effect, out.margin);
    return out;
}

/// Cells that count are corrected for each other; short ones among themselves.
void decide(Comparison& comparison, const CompareRules& rules) {
    for (const bool counting : {true, false}) {
        std::vector<CellComparison*> family;
        std::vector<double> p;
        for (CellComparison& cell : comparison.cells)
            if (cell.counts == counting) {
                family.push_back(&cell);
                p.push_back(cell.effect.test ? cell.effect.test->p : 1);
            }
        const std::vector<double> adjusted = rules.gate ? holm(p) : benjamini_hochberg(p);
        if (counting) comparison.tests = family.size();
        for (std::size_t i = 0; i < family.size(); ++i) {
            family[i]->adjusted_p = adjusted[i];
            family[i]->found =
                finding_of(family[i]->effect, adjusted[i], {family[i]->margin, rules.alpha, family.size()});
        }
    }
}

/// How far from 1 the ratio surely is: the interval's nearer end, 0 where it holds 1.
double sure_size(const CellComparison& cell) {
    if (!cell.effect.test) return 0;
    const Interval& interval = cell.effect.test->interval;
    return std::max({0.0, interval.low, -interval.high});
}

void order(std::vector<CellComparison>& cells) {
    std::ranges::stable_sort(cells, [](const CellComparison& a, const CellComparison& b) {
        const auto rank = [](const CellComparison& cell) {
            return std::tuple(!cell.counts && cell.found.finding == Finding::regression, cell.found.finding,
                              -sure_size(cell), -std::abs(cell.effect.log_ratio));
        };
        return rank(a) < rank(b);
    });
}

/// Of one operation in one language, where all cells have the same rounds: what one more or less would do is no change
/// of speed.
void add_groups(Comparison& comparison) {
    struct Group {
        std::string name;
        const CellComparison* first;
        std::vector<std::vector<double>> logs;  ///< by cell, by pair of rounds
    };
    std::vector<Group> groups;
    for (const CellComparison& cell : comparison.cells) {
        if (!cell.effect.test) continue;
        const Measurement& measured = cell.cells.base->first();
        std::string name = fmt::format("{} in {}", measured.operation, info(measured.language).title);
        auto group = std::ranges::find_if(groups, [&](const Group& known) {
            return known.name == name && known.first->base_side == cell.base_side &&
                   known.first->other_side == cell.other_side;
        });
        if (group == groups.end()) group = groups.insert(groups.end(), Group{std::move(name), &cell, {}});
        std::vector<double>& logs = group->logs.emplace_back();
        for (const PairedRounds& pair : pair_rounds(*cell.cells.base, *cell.cells.other))
            logs.push_back(std::log(pair.other->median_ns / pair.base->median_ns));
    }
    for (Group& group : groups) {
        std::size_t most = 0;
        for (const auto& logs : group.logs) most = std::max(most, logs.size());
        std::erase_if(group.logs, [&](const auto& logs) { return logs.size() < most; });
        if (group.logs.size() < 2) continue;
        std::vector<double> means(most);
        for (const auto& logs : group.logs)
            for (std::size_t pair = 0; pair < most; ++pair)
                means[pair] += logs[pair] / static_cast<double>(group.logs.size());
        comparison.groups.push_back(
            {group.name, group.first->base_side, group.first->other_side, group.logs.size(), paired_t(means)});
    }
}

void add_pair(Comparison& comparison, const NamedSide& base, const NamedSide& other, By by, const CompareRules& rules) {
    const std::set<Condition> implied = implied_by(by);
    MatchRules demands;
    demands.identity = [by](const SideCell& cell) { return identity_by(by, cell); };
    demands.allowed = rules.allowed;
    demands.allowed.insert(implied.begin(), implied.end());
    demands.fastest = by == By::algorithm || by == By::device || by == By::tuning;
    const Matching matching = match_cells(base.cells, other.cells, demands);
    for (const MatchedCells& cells : matching.pairs) {
        if (!cells.base->rounds.empty() && !cells.other->rounds.empty()) {
            CellComparison compared = compare_cells(cells, implied, rules);
            compared.base_side = base.name;
            compared.other_side = other.name;
            comparison.cells.push_back(std::move(compared));
        } else if (!(cells.base->telling().verdict.outcome == Outcome::skipped &&
                     cells.other->telling().verdict.outcome == Outcome::skipped)) {
            comparison.without_time.push_back({cells, base.name, other.name});
        }
    }
    for (const RefusedCells& refused : matching.refused)
        if (!refused.base->rounds.empty() && !refused.other->rounds.empty()) comparison.refused.push_back(refused);
    for (const SideCell* cell : matching.base_only)
        if (!cell->rounds.empty()) comparison.one_sided.push_back({cell, base.name, other.name});
    for (const SideCell* cell : matching.other_only)
        if (!cell->rounds.empty()) comparison.one_sided.push_back({cell, other.name, base.name});
}

}  // namespace

double CompareRules::margin_for(const MatchedCells& cells, std::size_t pairs) const {
    if (floor) return std::max(margin, *floor);
    double largest = margin;
    for (const SideCell* cell : {cells.base, cells.other}) {
        const CellSource& source = cell->sources.front();
        const auto known = noise_floor(*source.report, *source.measurement, static_cast<std::uint32_t>(pairs));
        if (known) largest = std::max(largest, known->floor);
    }
    return largest;
}

double CompareRules::min_time(const SideCell& cell) const {
    constexpr double shortest_on_gpu_ns = 10e3;
    if (min_time_ns) return *min_time_ns;
    const DeviceInfo* device = cell.device();
    return device == nullptr || device->is_cpu ? 0 : shortest_on_gpu_ns;
}

double CellComparison::ratio() const { return std::exp(effect.log_ratio); }

Interval CellComparison::interval() const {
    if (!effect.test) return {0, std::numeric_limits<double>::infinity(), 0};
    const Interval& logs = effect.test->interval;
    return {std::exp(logs.low), std::exp(logs.high), logs.coverage};
}

bool WithoutTime::is_broken() const {
    return cells.base->telling().verdict.outcome == Outcome::passed &&
           is_failure(cells.other->telling().verdict.outcome);
}

bool WithoutTime::is_mended() const {
    return cells.other->telling().verdict.outcome == Outcome::passed &&
           is_failure(cells.base->telling().verdict.outcome);
}

bool WithoutTime::is_too_slow() const {
    const auto& untimed = cells.other->telling().untimed;
    return !cells.base->rounds.empty() && untimed && untimed->execution_ns > cells.base->median_ns();
}

std::size_t Comparison::count(Finding finding, bool counting_only) const {
    return static_cast<std::size_t>(std::ranges::count_if(cells, [&](const CellComparison& cell) {
        return cell.found.finding == finding && (cell.counts || !counting_only);
    }));
}

std::size_t Comparison::broken() const {
    return static_cast<std::size_t>(std::ranges::count_if(without_time, &WithoutTime::is_broken));
}

std::size_t Comparison::worse() const {
    return count(Finding::regression, true) +
           static_cast<std::size_t>(std::ranges::count_if(without_time, &WithoutTime::is_too_slow));
}

std::size_t Comparison::least_pairs() const {
    std::size_t least = cells.empty() ? 0 : cells.front().effect.pairs;
    for (const CellComparison& cell : cells) least = std::min(least, cell.effect.pairs);
    return least;
}

std::size_t Comparison::most_pairs() const {
    std::size_t most = 0;
    for (const CellComparison& cell : cells) most = std::max(most, cell.effect.pairs);
    return most;
}

double Comparison::least_margin() const {
    return cells.empty() ? 0 : std::ranges::min(cells, {}, &CellComparison::margin).margin;
}

double Comparison::most_margin() const {
    return cells.empty() ? 0 : std::ranges::max(cells, {}, &CellComparison::margin).margin;
}

Comparison compare_sides(std::span<const NamedSide> sides, By by, const CompareRules& rules) {
    if (sides.size() < 2) throw std::invalid_argument("a comparison needs two sides");
    Comparison comparison;
    for (const NamedSide& other : sides.subspan(1)) add_pair(comparison, sides.front(), other, by, rules);
    decide(comparison, rules);
    order(comparison.cells);
    add_groups(comparison);
    return comparison;
}

void confirm_regressions(Comparison& comparison, const Comparison& again) {
    for (CellComparison& cell : comparison.cells) {
        if (cell.found.finding != Finding::regression) continue;
        const auto fresh = std::ranges::find_if(again.cells, [&](const CellComparison& other) {
            return other.cells.base->key == cell.cells.base->key && other.cells.base->twin == cell.cells.base->twin;
        });
        if (fresh == again.cells.end()) continue;
        cell.again = {fresh->found.finding == Finding::regression, fresh->ratio()};
        if (!cell.again->confirmed) cell.found.finding = Finding::inconclusive;
    }
    order(comparison.cells);
}

}  // namespace stele
