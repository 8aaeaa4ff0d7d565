#include "harness/study/comparability.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace stele {

namespace {

std::vector<Condition> all_conditions() {
    std::vector<Condition> all;
    for (const auto& row : name_list(Condition{})) all.push_back(row.value);
    return all;
}

/// The problem without the word that is its dtype.
std::string shape_of(const SideCell& cell) {
    const std::string word = ' ' + std::string(name(cell.first().dtype));
    std::string text = cell.key.problem + ' ';
    if (const std::size_t at = text.find(word + ' '); at != std::string::npos) text.erase(at, word.size());
    text.pop_back();
    return text;
}

std::vector<Condition> differing(const SideCell& a, const SideCell& b) {
    std::vector<Condition> out = all_conditions();
    std::erase_if(out, [&](Condition condition) { return condition_of(condition, a) == condition_of(condition, b); });
    return out;
}

using CellPointers = std::vector<const SideCell*>;

/// What must be equal: identity and the conditions that nobody let pass.
using Demand = std::vector<std::string>;

Demand demand_of(const SideCell& cell, const MatchRules& rules) {
    Demand demand{rules.identity(cell), std::to_string(cell.twin)};
    for (const Condition condition : all_conditions())
        if (!rules.allowed.contains(condition)) demand.push_back(condition_of(condition, cell));
    return demand;
}

struct DemandGroup {
    CellPointers base, other;
};

/// Leaves the fastest of those that nothing tells apart, and says of how many.
std::size_t keep_fastest(CellPointers& cells) {
    const std::size_t choices = cells.size();
    const auto is_slower = [](const SideCell* a, const SideCell* b) {
        if (a->rounds.empty() || b->rounds.empty()) return !b->rounds.empty() && a->rounds.empty();
        return b->median_ns() < a->median_ns();
    };
    if (choices > 1) cells = {*std::ranges::max_element(cells, is_slower, {})};
    return choices;
}

/// Takes what belongs together out of a group: those that are alike in everything, then one that is left on each side.
void match_group(DemandGroup& group, const MatchRules& rules, Matching& matching) {
    MatchedCells choices{nullptr, nullptr, {}, 1, 1};
    if (rules.fastest) {
        choices.base_choices = keep_fastest(group.base);
        choices.other_choices = keep_fastest(group.other);
    }
    std::erase_if(group.base, [&](const SideCell* base) {
        const auto same =
            std::ranges::find_if(group.other, [&](const SideCell* other) { return differing(*base, *other).empty(); });
        if (same == group.other.end()) return false;
        matching.pairs.push_back({base, *same, {}, choices.base_choices, choices.other_choices});
        group.other.erase(same);
        return true;
    });
    if (group.base.size() != 1 || group.other.size() != 1) return;
    const SideCell *base = group.base.front(), *other = group.other.front();
    matching.pairs.push_back({base, other, differing(*base, *other), choices.base_choices, choices.other_choices});
    group.base.clear();
    group.other.clear();
}

/// What is left of one identity and shape is refused for its conditions; the rest stands on one side only.
void refuse(const CellPointers& base_left, const CellPointers& other_left, const MatchRules& rules,
            Matching& matching) {
    const auto place_of = [&](const SideCell& cell) { return std::pair(rules.identity(cell), shape_of(cell)); };
    std::map<std::pair<std::string, std::string>, CellPointers> others;
    for (const SideCell* other : other_left) others[place_of(*other)].push_back(other);
    std::set<const SideCell*> refused;
    for (const SideCell* base : base_left) {
        const SideCell* nearest = nullptr;
        std::vector<Condition> fewest;
        CellPointers& candidates = others[place_of(*base)];
        for (const SideCell* other : candidates) {
            std::vector<Condition> own = differing(*base, *other);
            if (nearest != nullptr && own.size() >= fewest.size()) continue;
            nearest = other;
            fewest = std::move(own);
        }
        if (nearest == nullptr || fewest.empty()) {
            matching.base_only.push_back(base);
            continue;
        }
        matching.refused.push_back({base, nearest, std::move(fewest)});
        std::erase(candidates, nearest);
        refused.insert(nearest);
    }
    for (const SideCell* other : other_left)
        if (!refused.contains(other)) matching.other_only.push_back(other);
}

/// The clock around a call on the host holds more than a kernel's own device time.
std::string timer_of(const SideCell& cell) {
    return cell.key.backend == "host" ? "around the call" : "first start to last end on the device";
}

}  // namespace

std::string condition_of(Condition condition, const SideCell& cell) {
    switch (condition) {
        case Condition::hardware:
            return cell.key.hardware;
        case Condition::runtime:
            return cell.key.platform.empty() ? cell.key.backend
                                             : fmt::format("{} by {}", cell.key.backend, cell.key.platform);
        case Condition::shape:
            return shape_of(cell);
        case Condition::dtype:
            return std::string(name(cell.first().dtype));
        case Condition::fill:
            return std::string(name(cell.key.fill));
        case Condition::regime:
            return std::string(name(cell.key.regime));
        case Condition::cache:
            return std::string(name(cell.key.cache));
        case Condition::timer:
            return timer_of(cell);
        case Condition::threads:
            return cell.key.where();
    }
    return {};
}

std::string difference_text(Condition condition, const SideCell& base, const SideCell& other) {
    return fmt::format("other {} ({}; {})", name(condition), condition_of(condition, base),
                       condition_of(condition, other));
}

Matching match_cells(std::span<const SideCell> base, std::span<const SideCell> other, const MatchRules& rules) {
    std::vector<DemandGroup> groups;
    std::map<Demand, std::size_t> position;
    const auto group_of = [&](const SideCell& cell) -> DemandGroup& {
        const auto [place, is_new] = position.try_emplace(demand_of(cell, rules), groups.size());
        if (is_new) groups.emplace_back();
        return groups[place->second];
    };
    for (const SideCell& cell : base) group_of(cell).base.push_back(&cell);
    for (const SideCell& cell : other) group_of(cell).other.push_back(&cell);
    Matching matching;
    CellPointers base_left, other_left;
    for (DemandGroup& group : groups) {
        match_group(group, rules, matching);
        base_left.insert(base_left.end(), group.base.begin(), group.base.end());
        other_left.insert(other_left.end(), group.other.begin(), group.other.end());
    }
    refuse(base_left, other_left, rules, matching);
    return matching;
}

}  // namespace stele
