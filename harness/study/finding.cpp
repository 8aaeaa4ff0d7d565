#include "harness/study/finding.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace stele {

namespace {

/// Rounds by which p would allow a verdict, or the interval lie within the margin, whichever the estimate calls for.
std::size_t rounds_to_settle(const Effect& effect, double adjusted_p, double margin, const FindingRules& rules) {
    if (!effect.test) return std::max<std::size_t>(2, pairs_for_sign_flips(rules.tests, rules.alpha));
    const double size = std::abs(effect.log_ratio), spread = effect.test->deviation;
    if (size < margin) return pairs_for_reach(spread, margin - size, rules.alpha);
    // The other tests ask for so much smaller a p.
    const double share = adjusted_p > 0 ? effect.test->p / adjusted_p : 1;
    return pairs_for_reach(spread, size, rules.verdict_alpha * share);
}

bool holds_zero(const Interval& interval) { return interval.low <= 0 && interval.high >= 0; }

}  // namespace

Effect effect_of(std::span<const RoundPair> rounds, std::uint64_t seed) {
    if (rounds.empty()) throw std::invalid_argument("an effect needs a pair of rounds");
    std::vector<double> logs;
    for (const RoundPair& round : rounds) logs.push_back(std::log(median(round.other) / median(round.base)));
    Effect effect;
    effect.pairs = logs.size();
    if (logs.size() >= 2) effect.test = paired_t(logs);
    effect.log_ratio = effect.test ? effect.test->mean : logs.front();
    effect.flip_p = sign_flip_p(logs, seed);
    effect.bootstrap = round_bootstrap(rounds, seed);
    return effect;
}

Found finding_of(const Effect& effect, double adjusted_p, const FindingRules& rules) {
    const double margin = std::log1p(rules.margin);
    Found found;
    if (effect.test) {
        const Interval& interval = effect.test->interval;
        found.differs = adjusted_p < rules.alpha;
        found.bootstrap_agrees = holds_zero(interval) == holds_zero(effect.bootstrap);
        if (adjusted_p < rules.verdict_alpha && std::abs(effect.log_ratio) >= margin)
            found.finding = effect.log_ratio > 0 ? Finding::regression : Finding::improved;
        else if (interval.low > -margin && interval.high < margin)
            found.finding = Finding::same;
    }
    if (found.finding == Finding::inconclusive) found.rounds = rounds_to_settle(effect, adjusted_p, margin, rules);
    return found;
}

}  // namespace stele
