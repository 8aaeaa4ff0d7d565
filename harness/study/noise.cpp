#include "harness/study/noise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "harness/base/statistics.hpp"

namespace stele {
namespace {

struct Sides {
    double a, b;
};

NoiseFloor floor_of_rounds(KernelKind kind, const std::vector<Sides>& pairs, std::uint32_t rounds, SeededDraws& draws) {
    constexpr std::size_t comparisons = 2000;
    std::vector<double> apart;
    std::size_t alarms = 0;
    std::vector<Sides> drawn = pairs;
    for (std::size_t i = 0; i < comparisons; ++i) {
        draws.shuffle(drawn);
        std::vector<double> a, b;
        for (std::uint32_t round = 0; round < rounds; ++round) {
            const auto [left, right] = drawn[round];
            const bool exchanged = draws.below(2) == 1;
            a.push_back(exchanged ? right : left);
            b.push_back(exchanged ? left : right);
        }
        if (rounds == 1) {
            apart.push_back(std::abs(a[0] / b[0] - 1));
            continue;
        }
        const Ratio ratio = paired_ratio(a, b);
        apart.push_back(std::abs(ratio.estimate - 1));
        alarms += ratio.interval.low > 1 || ratio.interval.high < 1;
    }
    const auto at = static_cast<std::ptrdiff_t>(std::ceil(0.95 * comparisons)) - 1;
    std::ranges::nth_element(apart, apart.begin() + at);
    return {kind, rounds, apart[static_cast<std::size_t>(at)], static_cast<double>(alarms) / comparisons,
            static_cast<std::uint32_t>(pairs.size())};
}

}  // namespace

std::vector<double> round_medians(const Timing& timing) {
    std::map<std::uint32_t, std::vector<double>> by_round;
    for (std::size_t i = 0; i < timing.samples_ns.size(); ++i)
        by_round[timing.round.at(i)].push_back(timing.samples_ns[i]);
    std::vector<double> out;
    for (const auto& [round, samples] : by_round) out.push_back(median(samples));
    return out;
}

std::vector<NoiseFloor> noise_floors(KernelKind kind, std::span<const double> medians, std::uint64_t seed) {
    std::vector<Sides> pairs;
    for (std::size_t i = 0; i + 1 < medians.size(); i += 2) pairs.push_back({medians[i], medians[i + 1]});
    SeededDraws draws(seed);
    std::vector<NoiseFloor> floors;
    for (const std::uint32_t rounds : std::array{1u, 2u, 3u, 5u, 10u, 20u, 40u})
        if (rounds <= pairs.size()) floors.push_back(floor_of_rounds(kind, pairs, rounds, draws));
    return floors;
}

}  // namespace stele
