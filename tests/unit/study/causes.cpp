// Why two sides may differ, at the edges of what is worth telling; and small parts of the study by hand.
#include "harness/study/causes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "harness/base/folder.hpp"
#include "harness/study/code_divergence.hpp"
#include "harness/study/modes.hpp"
#include "harness/study/outcome_text.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::causes_test {
namespace {

/// Rounds of ten samples of 1000 ns, with clocks and throttled samples as they are told.
class Causes : public testing::Test {
protected:
    struct Round {
        double ns = 1000, mhz = 0;
        std::size_t throttled = 0;
    };
    static SideCell cell_of(const Report& report, const std::vector<Round>& rounds) {
        SideCell cell;
        cell.sources = {{&report, &report.measurements.at(0)}};
        for (std::size_t i = 0; i < rounds.size(); ++i) {
            CellRound& round = cell.rounds.emplace_back();
            round.slot = i;
            round.median_ns = rounds[i].ns;
            round.samples_ns.assign(10, rounds[i].ns);
            if (rounds[i].mhz > 0) {
                round.clock_mhz.assign(10, rounds[i].mhz);
                round.cycles.assign(10, rounds[i].ns * rounds[i].mhz * 1e-3);
            }
            round.throttled = rounds[i].throttled;
            if (rounds[i].throttled > 0) round.throttle_reasons = {"power"};
        }
        return cell;
    }
    std::vector<std::string> causes(const std::vector<Round>& before, const std::vector<Round>& after,
                                    const std::set<Condition>& let_pass = {}) const {
        const SideCell base = cell_of(base_report, before), other = cell_of(other_report, after);
        MatchedCells cells{&base, &other, {}, 1, 1};
        for (const Condition condition : let_pass) cells.let_pass.push_back(condition);
        const auto pairs = pair_rounds(base, other);
        std::vector<RoundPair> rounds;
        for (const PairedRounds& pair : pairs) rounds.push_back({pair.base->samples_ns, pair.other->samples_ns});
        return causes_of(cells, pairs, effect_of(rounds, 1), 0.02);
    }
    Report base_report = test::sample_report(), other_report = test::sample_report();
};

using Lines = std::vector<std::string>;

TEST_F(Causes, OfTwoEqualSidesAreNone) {
    EXPECT_EQ(causes({{}, {}}, {{}, {}}), Lines());
    EXPECT_EQ(causes({{1000, 1500}, {1000, 1500}}, {{1000, 1500}, {1000, 1500}}), Lines());
}

TEST_F(Causes, AreTheClockWhereCyclesAreEqual) {
    EXPECT_EQ(causes({{1000, 1500}, {1000, 1500}}, {{1500, 1000}, {1500, 1000}}),
              Lines{"the clock, not the code: 1000 MHz in the place of 1500, and equal cycles (×1.000)"});
    EXPECT_EQ(causes({{1000, 1500}, {1000, 1500}}, {{1000, 1000}, {1000, 1000}}),
              Lines{"other clock: 1000 MHz in the place of 1500"})
        << "the time is the same";
    EXPECT_EQ(causes({{1000, 1500}, {1000, 1500}}, {{2000, 1000}, {2000, 1000}}),
              Lines{"other clock: 1000 MHz in the place of 1500"})
        << "more cycles, too";
    EXPECT_EQ(causes({{1000, 1500}, {1000, 1500}}, {{500, 1000}, {500, 1000}}),
              Lines{"other clock: 1000 MHz in the place of 1500"})
        << "fewer cycles";
    EXPECT_EQ(causes({{1000, 1000}, {1000, 1000}}, {{1000, 1019}, {1000, 1019}}), Lines()) << "within the margin";
    EXPECT_EQ(causes({{1000, 1500}}, {{1500, 1000}}), Lines()) << "one pair tells nothing";
    EXPECT_EQ(causes({{1000, 1500}, {1000, 1500}}, {{1500, 0}, {1500, 0}}), Lines()) << "no clock on one side";
    EXPECT_EQ(causes({{1000, 1500}, {1000, 0}}, {{1500, 1000}, {1500, 1000}}), Lines()) << "nor in one round";
}

TEST_F(Causes, AreThrottlingFromATenthOfTheSamplesOn) {
    EXPECT_EQ(causes({{}, {}}, {{1000, 0, 1}, {1000, 0, 1}}),
              Lines{"throttled in 10 % of the samples, before 0 % (power)"});
    EXPECT_EQ(causes({{}, {}}, {{1000, 0, 1}, {}}), Lines());
    EXPECT_EQ(causes({{1000, 0, 5}, {1000, 0, 5}}, {{1000, 0, 1}, {1000, 0, 1}}),
              Lines{"throttled in 10 % of the samples, before 50 % (power)"});
    EXPECT_EQ(causes({{1000, 0, 5}, {1000, 0, 5}}, {{1000, 0, 5}, {1000, 0, 5}}), Lines());
}

TEST_F(Causes, AreTwoSpeedsThatAreTakenOtherwise) {
    const Round fast{1000}, slow{1200};
    EXPECT_EQ(causes({fast, fast, fast, slow}, {fast, slow, slow, slow}),
              Lines{"two speeds on both sides, and 50 % of the samples went to the slow one"});
    EXPECT_EQ(causes({fast, slow, slow, slow}, {fast, fast, fast, slow}),
              Lines{"two speeds on both sides, and 50 % of the samples went to the fast one"});
}

TEST_F(Causes, AreWhatElseIsOther) {
    other_report.measurements[0].seed = 14;
    other_report.measurements[0].ran = "gemm/other";
    base_report.measurements[0].ran = "gemm/one";
    other_report.devices[0].driver = "3.2";
    other_report.environment.host_compiler = "GNU 14";
    EXPECT_EQ(causes({{}, {}}, {{}, {}}),
              (Lines{"other inputs, by their seeds (13; 14)", "other driver (3.1; 3.2)",
                     "other row that ran (gemm/one; gemm/other)", "other compiler (GNU 12.2.0; GNU 14)"}));
    // What one side does not tell is no difference.
    other_report.measurements[0].ran.reset();
    other_report.devices[0].driver = "";
    other_report.environment.host_compiler = "";
    EXPECT_EQ(causes({{}, {}}, {{}, {}}), Lines{"other inputs, by their seeds (13; 14)"});
    std::swap(base_report.environment.host_compiler, other_report.environment.host_compiler);
    EXPECT_EQ(causes({{}, {}}, {{}, {}}), Lines{"other inputs, by their seeds (13; 14)"});
}

TEST_F(Causes, AreAnotherLibraryOfAVendorsRow) {
    for (Report* report : {&base_report, &other_report}) report->measurements[0] = report->measurements[1];
    other_report.environment.libraries->at("openblas").version = "OpenBLAS 0.3.30";
    EXPECT_EQ(causes({{}, {}}, {{}, {}}), Lines{"other library (OpenBLAS 0.3.21; OpenBLAS 0.3.30)"});
    other_report.environment.libraries.reset();
    EXPECT_EQ(causes({{}, {}}, {{}, {}}), Lines());
}

TEST(ModesByHand, HaveATenthAtLeastAndAreApart) {
    const auto heaps = [](std::size_t fast, std::size_t slow, double slow_ns = 200) {
        std::vector<double> samples(fast, 100);
        samples.insert(samples.end(), slow, slow_ns);
        return samples;
    };
    const auto modes = two_modes(heaps(9, 1), 1.5);
    ASSERT_TRUE(modes);
    EXPECT_EQ(modes->fast, 100);
    EXPECT_EQ(modes->slow, 200);
    EXPECT_DOUBLE_EQ(modes->slow_share, 0.1);
    EXPECT_TRUE(two_modes(heaps(1, 9), 1.5));
    EXPECT_FALSE(two_modes(heaps(10, 1), 1.5));
    EXPECT_FALSE(two_modes(heaps(1, 10), 1.5));
    EXPECT_TRUE(two_modes(heaps(5, 5, 150), 1.5)) << "just as far apart";
    EXPECT_FALSE(two_modes(heaps(5, 5, 149), 1.5));
    EXPECT_FALSE(two_modes(std::vector<double>(10, 100), 1));
    EXPECT_DOUBLE_EQ(*mode_shift(heaps(8, 2), heaps(5, 5), 1.5), 0.3);
    EXPECT_DOUBLE_EQ(*mode_shift(heaps(5, 5), heaps(8, 2), 1.5), -0.3);
    EXPECT_FALSE(mode_shift(heaps(8, 2), heaps(7, 3), 1.5)) << "a tenth is no shift";
    EXPECT_FALSE(mode_shift(heaps(8, 2), heaps(5, 5, 225), 1.5)) << "other heaps";
    EXPECT_TRUE(mode_shift(heaps(8, 2), heaps(5, 5, 224), 1.5));
    EXPECT_FALSE(mode_shift(heaps(10, 0), heaps(5, 5), 1.5));
}

TEST(OutcomeTexts, SayWhyThereIsNoTime) {
    Measurement cell;
    cell.verdict.outcome = Outcome::passed;
    EXPECT_EQ(outcome_text(cell), "passed, not timed");
    cell.untimed = Untimed{"too slow", 1};
    EXPECT_EQ(outcome_text(cell), "passed, not timed: too slow");
    cell.untimed.reset();
    cell.verdict.outcome = Outcome::wrong;
    cell.verdict.reason = "C is zero";
    EXPECT_EQ(outcome_text(cell), "wrong: C is zero");
}

TEST(CodeDivergenceByHand, IsTheMeanDistanceOfLanguages) {
    const TemporaryFolder folder;
    const auto write = [&](const std::string& name, const char* text) {
        const auto path = folder.path() / "kernels/gemm" / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    };
    write("naive/naive.cu", "a;\nb;\n");
    write("naive/naive.cl", "b;\nc;\nd;\n");
    write("tiled/tiled.cu", "e;\n");
    write("hopper/roles/roles.ptx.cu", "f;\n");
    Report report;
    const auto add = [&](const char* algorithm, Language language) {
        Measurement cell;
        cell.operation = "gemm";
        cell.algorithm = algorithm;
        cell.language = language;
        report.measurements.push_back(cell);
    };
    add("naive", Language::cuda);
    add("naive", Language::cuda);
    add("naive", Language::opencl);
    add("tiled", Language::cuda);
    add("hopper/roles", Language::ptx);
    add("tiled", Language::opencl);
    add("vendor.x", Language::vendor);
    const auto divergence = code_divergence_of(std::vector{report}, folder.path());
    ASSERT_EQ(divergence.size(), 1u);
    ASSERT_EQ(divergence[0].languages.size(), 3u);
    EXPECT_EQ(divergence[0].languages[0].files,
              (std::vector<std::string>{"gemm/naive/naive.cu", "gemm/tiled/tiled.cu"}));
    EXPECT_EQ(divergence[0].languages[0].lines, 3u);
    ASSERT_EQ(divergence[0].pairs.size(), 3u);
    const auto pair = std::ranges::find_if(divergence[0].pairs, [](const LanguageDistance& one) {
        return one.first == Language::cuda && one.second == Language::opencl;
    });
    ASSERT_NE(pair, divergence[0].pairs.end());
    EXPECT_DOUBLE_EQ(pair->distance, 1 - 1.0 / 5);
    EXPECT_EQ(pair->both, 1u);
    EXPECT_DOUBLE_EQ(pair->of_both.value(), 1 - 1.0 / 4);
    for (const LanguageDistance& one : divergence[0].pairs)
        if (one.first == Language::ptx || one.second == Language::ptx) {
            EXPECT_EQ(one.distance, 1);
            EXPECT_FALSE(one.of_both);
        }
    EXPECT_DOUBLE_EQ(divergence[0].mean, (0.8 + 1 + 1) / 3);
}

}  // namespace
}  // namespace stele::causes_test
