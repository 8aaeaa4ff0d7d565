#include "harness/tuning/final.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "harness/base/text.hpp"

namespace stele {

namespace {

TileTime time_of(const Finalist& finalist) {
    return {finalist.tile, finalist.timing.median_ns, finalist.timing.low_ns, finalist.timing.high_ns};
}

}  // namespace

Ratio pass_ratio(const Timing& a, const Timing& b) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, double> of_a;
    for (std::size_t i = 0; i < a.samples_ns.size(); ++i) of_a[{a.round[i], a.pass[i]}] = a.samples_ns[i];
    std::vector<double> first, second;
    for (std::size_t i = 0; i < b.samples_ns.size(); ++i) {
        const auto found = of_a.find({b.round[i], b.pass[i]});
        if (found == of_a.end()) continue;
        first.push_back(found->second);
        second.push_back(b.samples_ns[i]);
    }
    if (first.size() < 2) return {1, {0, std::numeric_limits<double>::infinity(), 0}};
    return paired_ratio(first, second);
}

TunedCell decide(std::span<const Finalist> finalists) {
    std::vector<const Finalist*> by_cost;
    for (const Finalist& finalist : finalists) by_cost.push_back(&finalist);
    const Finalist* fastest = *std::min_element(
        by_cost.begin(), by_cost.end(), [](auto* a, auto* b) { return a->timing.median_ns < b->timing.median_ns; });
    std::stable_sort(by_cost.begin(), by_cost.end(), [](auto* a, auto* b) { return a->cost < b->cost; });
    const auto not_separated = [&](const Finalist* other) {
        return other == fastest || pass_ratio(other->timing, fastest->timing).interval.low <= 1;
    };
    // The fastest itself ends the search.
    const Finalist* chosen = *std::find_if(by_cost.begin(), by_cost.end(), not_separated);

    TunedCell cell;
    cell.chosen = time_of(*chosen);
    if (chosen == fastest) {
        cell.chosen_because = "fastest";
    } else {
        const Ratio ratio = pass_ratio(chosen->timing, fastest->timing);
        cell.chosen_because =
            fmt::format("{}: {} is not separated from it ({} of its time, 95 % interval {}–{})",
                        chosen->is_default ? "the default" : "cheaper", fastest->tile, three_digits(1 / ratio.estimate),
                        three_digits(1 / ratio.interval.high), three_digits(1 / ratio.interval.low));
    }
    for (const Finalist& finalist : finalists) {
        cell.finalists.push_back(time_of(finalist));
        if (!finalist.is_default) continue;
        cell.of_default = time_of(finalist);
        const Ratio regret = &finalist == chosen ? Ratio{1, {1, 1, 1}} : pass_ratio(finalist.timing, chosen->timing);
        cell.regret = regret.estimate;
        cell.regret_low = regret.interval.low;
        cell.regret_high = regret.interval.high;
    }
    return cell;
}

}  // namespace stele
