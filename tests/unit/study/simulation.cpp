// The promise of a comparison, over thousands of simulated ones: how often equal sides are said to differ, and how
// often a change is found. A share of 0.05 of 4000 has a standard error of 0.0034.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "harness/study/finding.hpp"
#include "tests/support/simulated_runs.hpp"

namespace stele::simulation_test {
namespace {

using test::Machine;
using test::SimulatedRuns;

constexpr std::size_t rounds = 10, comparisons = 4000;
constexpr double asked_margin = 0.02;

Effect effect_of_logs(const std::vector<double>& logs) {
    Effect effect;
    effect.pairs = logs.size();
    effect.test = paired_t(logs);
    effect.log_ratio = effect.test->mean;
    effect.bootstrap = effect.test->interval;
    return effect;
}

std::vector<Effect> effects(const Machine& machine, double ratio, std::uint64_t seed) {
    SimulatedRuns runs(machine, seed);
    std::vector<Effect> out;
    for (std::size_t i = 0; i < comparisons; ++i) out.push_back(effect_of_logs(runs.log_ratios(rounds, ratio)));
    return out;
}

struct Shares {
    double differs = 0, regression = 0, same = 0;
};

Shares shares(const std::vector<Effect>& effects, double margin) {
    Shares shares;
    const double each = 1 / static_cast<double>(effects.size());
    for (const Effect& effect : effects) {
        const Found found = finding_of(effect, effect.test->p, {margin, 0.05, 1});
        shares.differs += found.differs ? each : 0;
        shares.regression += found.finding == Finding::regression ? each : 0;
        shares.same += found.finding == Finding::same ? each : 0;
    }
    return shares;
}

/// As doctor measures it: of other comparisons of equal sides the 95th percentile of |ratio - 1|.
double floor_of(const Machine& machine) {
    std::vector<double> sizes;
    for (const Effect& effect : effects(machine, 1, 77)) sizes.push_back(std::abs(std::exp(effect.log_ratio) - 1));
    std::ranges::sort(sizes);
    return sizes[sizes.size() * 95 / 100];
}

/// {process, sample, drift, slow_chance, slow_by, freedom}
const Machine quiet{}, drifting{0.003, 0.005, 0.02, 0, 0, 0}, two_speeds{0.003, 0.005, 0, 0.3, 0.03, 0},
    rarely_slow{0.001, 0.002, 0, 0.1, 0.03, 0}, heavy_tails{0.003, 0.005, 0, 0, 0, 2},
    processes_differ{0.01, 0.001, 0, 0, 0, 0}, all_at_once{0.003, 0.005, 0.02, 0.2, 0.02, 3};

TEST(Simulation, EqualSidesDifferAsOftenAsPromised) {
    for (const Machine& machine :
         {quiet, drifting, two_speeds, rarely_slow, heavy_tails, processes_differ, all_at_once}) {
        const std::vector<Effect> equal = effects(machine, 1, 1);
        const double margin = std::max(asked_margin, floor_of(machine));
        const Shares found = shares(equal, margin);
        SCOPED_TRACE(testing::Message() << "process " << machine.process << " drift " << machine.drift << " slow "
                                        << machine.slow_chance << " freedom " << machine.freedom << ": differs "
                                        << found.differs << ", regression " << found.regression << ", margin "
                                        << margin);
        EXPECT_LE(found.differs, 0.07);
        EXPECT_LE(found.regression, 0.01);
        if (machine.slow_chance == 0 && machine.freedom == 0) {
            EXPECT_GE(found.differs, 0.03) << "a test that never speaks promises nothing";
        }
    }
}

TEST(Simulation, WithoutAnyMarginAVerdictIsAsRare) {
    // 0.01 of 4000 has a standard error of 0.0016.
    const Shares found = shares(effects(quiet, 1, 6), 0);
    EXPECT_LE(found.regression, 0.01 + 2 * 0.0016);
    EXPECT_GE(found.regression, 0.005);
}

TEST(Simulation, HeavyTailsMakeItSpeakLess) {
    EXPECT_LT(shares(effects(heavy_tails, 1, 1), asked_margin).differs,
              shares(effects(quiet, 1, 1), asked_margin).differs);
}

TEST(Simulation, ChangesAreFound) {
    // What a pair of processes differs by is 0.3 %, sampling with it.
    EXPECT_GE(shares(effects(quiet, 1.01, 2), asked_margin).differs, 0.95);
    EXPECT_GE(shares(effects(quiet, 1.03, 3), asked_margin).regression, 0.95);
    EXPECT_GE(shares(effects(quiet, 1.005, 4), asked_margin).same, 0.95)
        << "a small one is the same, though it differs";
    EXPECT_GE(shares(effects(drifting, 1.03, 5), asked_margin).regression, 0.95);
}

TEST(Simulation, WhereTheFloorIsAllThatThereIs) {
    // The floor is passed in either direction by one equal pair of sides in twenty, and many of those differ as well:
    // by p below 0.05 alone 1.4 % would be a REGRESSION.
    const Machine noisy{0.04, 0.005, 0, 0, 0, 0};
    const double floor = floor_of(noisy);
    ASSERT_GT(floor, asked_margin);
    const Shares found = shares(effects(noisy, 1, 1), floor);
    EXPECT_LE(found.regression, 0.01);
    EXPECT_LE(found.differs, 0.07);
}

TEST(Simulation, WithoutPairingByProcessesItWouldCryWolf) {
    // Samples of one process against samples of another, as if each were independent: what the process is there for.
    std::size_t differs = 0;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        SimulatedRuns runs(quiet, seed);
        const std::vector<double> base = runs.samples(std::exp(0.003 * runs.normal())),
                                  other = runs.samples(std::exp(0.003 * runs.normal()));
        std::vector<double> logs;
        for (std::size_t i = 0; i < base.size(); ++i) logs.push_back(std::log(other[i] / base[i]));
        differs += paired_t(logs).p < 0.05;
    }
    EXPECT_GT(differs, 400 / 5);
}

}  // namespace
}  // namespace stele::simulation_test
