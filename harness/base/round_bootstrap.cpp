#include "harness/base/round_bootstrap.hpp"

#include <algorithm>
#include <stdexcept>

#include "harness/base/resampled_median.hpp"

namespace stele {

Interval round_bootstrap(std::span<const RoundPair> rounds, std::uint64_t seed, double confidence, int resamples) {
    if (rounds.empty()) throw std::invalid_argument("a bootstrap needs a round");
    std::vector<ResampledMedian> base, other;
    for (const RoundPair& round : rounds) {
        base.emplace_back(round.base);
        other.emplace_back(round.other);
    }
    SeededDraws draws(seed);
    std::vector<double> means(static_cast<std::size_t>(resamples));
    for (double& mean : means) {
        for (std::size_t drawn = 0; drawn < rounds.size(); ++drawn) {
            const std::size_t round = draws.below(rounds.size());
            const double above = other[round].draw_log(draws);
            mean += (above - base[round].draw_log(draws)) / static_cast<double>(rounds.size());
        }
    }
    std::ranges::sort(means);
    const auto skip = static_cast<std::size_t>((1 - confidence) / 2 * static_cast<double>(means.size()));
    return {means[skip], means[means.size() - 1 - skip], confidence};
}

}  // namespace stele
