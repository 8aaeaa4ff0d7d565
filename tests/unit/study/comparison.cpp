#include "harness/study/comparison.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "harness/draw/console.hpp"
#include "harness/study/comparison_tables.hpp"
#include "tests/support/sample_report.hpp"
#include "tests/support/simulated_runs.hpp"

namespace stele::comparison_test {
namespace {

using test::report_of;

constexpr const char *square = "m=512 n=512 k=512 f32", *half = "m=512 n=512 k=512 f16";
constexpr const char* tiled = "gemm/tiled.opencl@64x64x16";

/// Samples of `rounds` processes, by a machine that is quiet, around `ns`.
Measurement timed(const std::string& variant, Language language, const std::string& problem, const std::string& device,
                  double ns, std::uint32_t rounds, std::uint64_t seed) {
    test::SimulatedRuns runs({}, seed);
    std::vector<double> samples;
    std::vector<std::uint32_t> round;
    for (std::uint32_t i = 0; i < rounds; ++i)
        for (const double sample : runs.samples(ns * std::exp(0.002 * runs.normal()))) {
            samples.push_back(sample);
            round.push_back(i);
        }
    Measurement cell = test::passed_cell(variant, language, problem, device, samples);
    cell.timing->round = round;
    cell.timing->rounds = rounds;
    return cell;
}

Report one_cell(double ns, std::uint32_t rounds, std::uint64_t seed) {
    return report_of({timed(tiled, Language::opencl, square, "opencl:0", ns, rounds, seed)});
}

Comparison compared(const std::vector<Report>& base, const std::vector<Report>& other, const CompareRules& rules = {}) {
    // Kept for as long as the tests run: a comparison points into its sides.
    static std::vector<std::unique_ptr<std::vector<NamedSide>>> kept;
    kept.push_back(std::make_unique<std::vector<NamedSide>>());
    kept.back()->push_back(side_of("base", base));
    kept.back()->push_back(side_of("new", other));
    return compare_sides(*kept.back(), By::side, rules);
}

TEST(Comparison, FindsWhatIsSlowerAndWhatIsNot) {
    const std::vector<Report> base{one_cell(1e6, 10, 1)};
    for (const auto& [factor, finding] :
         {std::pair{1.05, Finding::regression}, {0.95, Finding::improved}, {1.0, Finding::same}}) {
        const std::vector<Report> other{one_cell(1e6 * factor, 10, 2)};
        const Comparison comparison = compared(base, other);
        ASSERT_EQ(comparison.cells.size(), 1u);
        EXPECT_EQ(comparison.cells[0].found.finding, finding);
        EXPECT_NEAR(comparison.cells[0].ratio(), factor, 0.01);
        EXPECT_EQ(comparison.cells[0].effect.pairs, 10u);
        EXPECT_EQ(comparison.count(finding), 1u);
    }
}

TEST(Comparison, ReportsOfOneRoundEachAreRounds) {
    std::vector<Report> base, other;
    for (std::uint64_t round = 0; round < 8; ++round) {
        base.push_back(one_cell(1e6, 1, 10 + round));
        other.push_back(one_cell(1.05e6, 1, 20 + round));
    }
    const Comparison comparison = compared(base, other);
    ASSERT_EQ(comparison.cells.size(), 1u);
    EXPECT_EQ(comparison.cells[0].effect.pairs, 8u);
    EXPECT_EQ(comparison.cells[0].found.finding, Finding::regression);
    const std::vector<Report> first{base[0]}, fifth{other[0]};
    EXPECT_EQ(compared(first, fifth).cells.at(0).found.finding, Finding::inconclusive) << "one round a side";
}

TEST(Comparison, RoundsArePairedByTheirPlace) {
    // The second process of the base was lost; what ran beside it stands alone.
    std::vector<Report> base{one_cell(1e6, 1, 1), one_cell(1e6, 1, 2), one_cell(1e6, 1, 3)};
    const std::vector<Report> other{one_cell(2e6, 1, 4), one_cell(3e6, 1, 5), one_cell(2e6, 1, 6)};
    base[1].measurements[0].timing.reset();
    const Comparison comparison = compared(base, other);
    ASSERT_EQ(comparison.cells.size(), 1u);
    EXPECT_EQ(comparison.cells[0].effect.pairs, 2u);
    EXPECT_NEAR(comparison.cells[0].ratio(), 2, 0.05);
}

TEST(Comparison, OtherConditionsAreRefusedUnlessLetPass) {
    using Change = std::function<void(Report&)>;
    const std::vector<std::pair<Condition, Change>> changes{
        {Condition::cache, [](Report& report) { report.measurements[0].cache = CacheMode::warm; }},
        {Condition::regime, [](Report& report) { report.measurements[0].regime = Regime::sustained; }},
        {Condition::fill, [](Report& report) { report.measurements[0].fill = Fill::zeros; }},
        {Condition::threads, [](Report& report) { report.environment.allowed_cpus = "0"; }},
        {Condition::runtime, [](Report& report) { report.devices[0].platform = "another"; }},
        {Condition::hardware, [](Report& report) { report.environment.cpu = "another"; }},
        {Condition::dtype,
         [](Report& report) {
             report.measurements[0].problem = half;
             report.measurements[0].dtype = Dtype::f16;
         }},
    };
    const std::vector<Report> base{one_cell(1e6, 6, 1)};
    for (const auto& [condition, change] : changes) {
        std::vector<Report> other{one_cell(1e6, 6, 2)};
        change(other[0]);
        const Comparison refused = compared(base, other);
        EXPECT_TRUE(refused.cells.empty()) << name(condition);
        ASSERT_EQ(refused.refused.size(), 1u) << name(condition);
        EXPECT_EQ(refused.refused[0].differing, std::vector{condition});
        CompareRules rules;
        rules.allowed = {condition};
        const Comparison allowed = compared(base, other, rules);
        ASSERT_EQ(allowed.cells.size(), 1u) << name(condition);
        EXPECT_EQ(allowed.cells[0].cells.let_pass, std::vector{condition});
        EXPECT_NE(cell_text(allowed.cells[0]).find(fmt::format("other {}", name(condition))), std::string::npos);
    }
}

TEST(Comparison, AnotherShapeStandsOnOneSide) {
    const std::vector<Report> base{one_cell(1e6, 6, 1)};
    const std::vector<Report> other{
        report_of({timed(tiled, Language::opencl, "m=256 n=512 k=512 f32", "opencl:0", 1e6, 6, 2)})};
    const Comparison comparison = compared(base, other);
    EXPECT_TRUE(comparison.cells.empty() && comparison.refused.empty());
    ASSERT_EQ(comparison.one_sided.size(), 2u);
    EXPECT_EQ(comparison.one_sided[0].here, "base");
    EXPECT_EQ(comparison.one_sided[1].here, "new");
    EXPECT_EQ(comparison_summary(comparison), "NOTHING COMPARED");
}

TEST(Comparison, WhatPassedAndFailsIsBroken) {
    const std::vector<Report> base{one_cell(1e6, 6, 1)};
    std::vector<Report> other{one_cell(1e6, 6, 2)};
    Measurement& cell = other[0].measurements[0];
    cell.timing.reset();
    cell.verdict.outcome = Outcome::wrong;
    cell.verdict.reason = "every element is zero";
    const Comparison comparison = compared(base, other);
    EXPECT_EQ(comparison.broken(), 1u);
    EXPECT_TRUE(comparison.cells.empty());
    const CompareRules rules;
    const std::string text = console_text(comparison_document(comparison, rules, {}), 400);
    EXPECT_NE(text.find("every element is zero"), std::string::npos);
    const Comparison mended = compared(other, base);
    EXPECT_EQ(mended.broken(), 0u);
    ASSERT_EQ(mended.without_time.size(), 1u);
    EXPECT_TRUE(mended.without_time[0].is_mended());
    cell.verdict.outcome = Outcome::skipped;
    EXPECT_EQ(compared(base, other).broken(), 0u) << "a set-up that failed is no fault of the code";
}

TEST(Comparison, TooSlowToBeTimedIsWorse) {
    const std::vector<Report> base{one_cell(1e6, 6, 1)};
    std::vector<Report> other{one_cell(1e6, 6, 2)};
    Measurement& cell = other[0].measurements[0];
    cell.timing.reset();
    cell.untimed = {"one execution took 14 s, longer than the 2 s that are timed", 14e9};
    const Comparison comparison = compared(base, other);
    EXPECT_EQ(comparison.worse(), 1u);
    EXPECT_TRUE(comparison_summary(comparison).starts_with("REGRESSION: 1 cell too slow to be timed now"));
    EXPECT_EQ(compared(other, base).worse(), 0u);
    EXPECT_NE(comparison_junit(comparison).find("failures=\"1\""), std::string::npos);
}

TEST(Comparison, ARegressionThatFreshProcessesDoNotShowIsNone) {
    const std::vector<Report> base{one_cell(1e6, 10, 1)}, slower{one_cell(1.05e6, 10, 2)}, same{one_cell(1e6, 10, 3)};
    Comparison seen = compared(base, slower);
    confirm_regressions(seen, compared(base, slower));
    EXPECT_EQ(seen.count(Finding::regression), 1u);
    EXPECT_NE(cell_text(seen.cells.at(0)).find("; confirmed by fresh processes: 1.0"), std::string::npos);
    confirm_regressions(seen, compared(base, same));
    EXPECT_EQ(seen.count(Finding::inconclusive), 1u);
    EXPECT_NE(cell_text(seen.cells.at(0)).find("not confirmed by fresh processes"), std::string::npos);
}

/// Of a GPU that tells its clock.
Report on_gpu(double ns, double mhz, std::uint64_t seed) {
    Report report = report_of({timed("gemm/tiled.cuda@128x128", Language::cuda, square, "cuda:0", ns, 8, seed)});
    Timing& timing = *report.measurements[0].timing;
    timing.clock.resize(timing.samples_ns.size());
    for (ClockState& clock : timing.clock) clock.sm_mhz = mhz;
    return report;
}

TEST(Comparison, ASlowerTimeWithEqualCyclesIsTheClock) {
    const std::vector<Report> base{on_gpu(60e3, 1980, 1)};
    const std::vector<Report> clocked{on_gpu(66e3, 1800, 2)}, slower{on_gpu(66e3, 1980, 3)};
    EXPECT_NE(cell_text(compared(base, clocked).cells.at(0)).find("the clock, not the code: 1800 MHz"),
              std::string::npos);
    EXPECT_EQ(cell_text(compared(base, slower).cells.at(0)).find("clock"), std::string::npos);
    std::vector<Report> throttled{on_gpu(66e3, 1800, 2)};
    for (ClockState& clock : throttled[0].measurements[0].timing->clock) clock.throttle_reasons = {"power"};
    EXPECT_NE(
        cell_text(compared(base, throttled).cells.at(0)).find("throttled in 100 % of the samples, before 0 % (power)"),
        std::string::npos);
}

TEST(Comparison, ShortCellsOfAGpuDoNotCountUnlessAsked) {
    const std::vector<Report> base{on_gpu(5e3, 1980, 1)}, other{on_gpu(6e3, 1980, 2)};
    const Comparison comparison = compared(base, other);
    EXPECT_EQ(comparison.count(Finding::regression), 1u);
    EXPECT_EQ(comparison.count(Finding::regression, true), 0u);
    CompareRules all;
    all.short_cells_count = true;
    EXPECT_EQ(compared(base, other, all).count(Finding::regression, true), 1u);
    CompareRules shorter;
    shorter.min_time_ns = 1e3;
    EXPECT_EQ(compared(base, other, shorter).count(Finding::regression, true), 1u);
}

TEST(Comparison, TheFloorIsTheMarginWhereItIsLarger) {
    const std::vector<Report> base{one_cell(1e6, 10, 1)}, other{one_cell(1.05e6, 10, 2)};
    CompareRules rules;
    rules.floor = 0.10;
    EXPECT_EQ(compared(base, other, rules).count(Finding::same), 1u);
    rules.floor = 0.001;
    EXPECT_EQ(compared(base, other, rules).count(Finding::regression), 1u) << "the margin asked for is the larger";
}

TEST(Comparison, TheFloorIsWhatEitherReportCarriesOfTheCellsKind) {
    std::vector<Report> base{one_cell(1e6, 10, 1)}, other{one_cell(1.05e6, 10, 2)};
    const auto carried = [](Report& report, KernelKind kind, std::uint32_t rounds) {
        report.noise_floors = {{"opencl:0", {{kind, rounds, 0.10, 0.05, 40}}}};
    };
    carried(other.front(), KernelKind::compute, 10);
    const Comparison held = compared(base, other);
    EXPECT_EQ(held.count(Finding::same), 1u);
    EXPECT_EQ(held.cells.front().margin, 0.10);
    carried(other.front(), KernelKind::memory, 10);
    EXPECT_EQ(compared(base, other).count(Finding::regression), 1u) << "of another kind of kernel";
    carried(other.front(), KernelKind::compute, 20);
    EXPECT_EQ(compared(base, other).count(Finding::regression), 1u) << "of more rounds, which says nothing of fewer";
    carried(base.front(), KernelKind::compute, 5);
    EXPECT_EQ(compared(base, other).count(Finding::same), 1u) << "of the base, by fewer rounds";
}

TEST(Comparison, ManyCellsRaiseP) {
    std::vector<Measurement> base, other;
    for (int i = 0; i < 20; ++i) {
        const std::string problem = fmt::format("m={} n=512 k=512 f32", 64 + i);
        base.push_back(timed(tiled, Language::opencl, problem, "opencl:0", 1e6, 6, 100 + i));
        other.push_back(timed(tiled, Language::opencl, problem, "opencl:0", 1e6, 6, 200 + i));
    }
    const std::vector<Report> before{report_of(base)}, after{report_of(other)};
    CompareRules gate;
    gate.gate = true;
    const Comparison report = compared(before, after), held = compared(before, after, gate);
    EXPECT_EQ(report.tests, 20u);
    for (const Comparison* comparison : {&report, &held})
        for (const CellComparison& cell : comparison->cells) EXPECT_GE(cell.adjusted_p, cell.effect.test->p);
    double least = 1;
    for (const CellComparison& cell : held.cells) least = std::min(least, cell.effect.test->p);
    EXPECT_DOUBLE_EQ(std::ranges::min(held.cells, {}, &CellComparison::adjusted_p).adjusted_p,
                     std::min(1.0, 20 * least));
    ASSERT_EQ(report.groups.size(), 1u);
    EXPECT_EQ(report.groups[0].cells, 20u);
    EXPECT_NEAR(report.groups[0].test.mean, 0, 0.003);
    EXPECT_LT(report.groups[0].test.interval.high - report.groups[0].test.interval.low, 0.006)
        << "twenty tell more than one";
}

TEST(Comparison, SureAndLargeGoesFirst) {
    std::vector<Measurement> base, other;
    const std::vector<double> factors{1.0, 1.04, 0.9, 1.2};
    for (std::size_t i = 0; i < factors.size(); ++i) {
        const std::string problem = fmt::format("m={} n=512 k=512 f32", 64 + i);
        base.push_back(timed(tiled, Language::opencl, problem, "opencl:0", 1e6, 10, 10 + i));
        other.push_back(timed(tiled, Language::opencl, problem, "opencl:0", 1e6 * factors[i], 10, 20 + i));
    }
    const std::vector<Report> before{report_of(base)}, after{report_of(other)};
    const Comparison comparison = compared(before, after);
    std::vector<double> order;
    for (const CellComparison& cell : comparison.cells) order.push_back(std::round(cell.ratio() * 50) / 50);
    EXPECT_EQ(order, (std::vector<double>{1.2, 1.04, 0.9, 1.0}));
    EXPECT_EQ(comparison_summary(comparison), "REGRESSION: of 4 cells 2 slower, 1 faster, 1 the same, 0 inconclusive");
}

TEST(ComparisonBy, LanguagesOfOneReport) {
    const std::vector<Report> reports{
        report_of({timed("gemm/tiled.cuda@64x64x16", Language::cuda, square, "cuda:0", 60e3, 10, 1),
                   timed("gemm/tiled.ptx@64x64x16", Language::ptx, square, "cuda:0", 50e3, 10, 2),
                   timed("gemm/naive.ptx", Language::ptx, square, "cuda:0", 90e3, 10, 3)})};
    const std::vector<NamedSide> sides = sides_by(By::language, reports);
    ASSERT_EQ(sides.size(), 2u);
    EXPECT_EQ(sides[0].name, "cuda");
    const Comparison comparison = compare_sides(sides, By::language, {});
    ASSERT_EQ(comparison.cells.size(), 1u);
    EXPECT_NEAR(comparison.cells[0].ratio(), 50.0 / 60, 0.01);
    EXPECT_EQ(comparison.cells[0].found.finding, Finding::improved);
    EXPECT_EQ(cell_name(comparison.cells[0]),
              "gemm/tiled.ptx@64x64x16 ÷ gemm/tiled.cuda@64x64x16 on m=512 n=512 k=512 f32 (cuda:0)");
    EXPECT_EQ(comparison.one_sided.size(), 1u);
}

TEST(ComparisonBy, AlgorithmsTakeTheirFastestTile) {
    const std::vector<Report> reports{
        report_of({timed("gemm/naive.opencl", Language::opencl, square, "opencl:0", 90e3, 10, 1),
                   timed("gemm/tiled.opencl@32x32", Language::opencl, square, "opencl:0", 60e3, 10, 2),
                   timed("gemm/tiled.opencl@64x64", Language::opencl, square, "opencl:0", 50e3, 10, 3)})};
    const std::vector<NamedSide> sides = sides_by(By::algorithm, reports);
    const Comparison comparison = compare_sides(sides, By::algorithm, {});
    ASSERT_EQ(comparison.cells.size(), 1u);
    EXPECT_EQ(comparison.cells[0].cells.other->key.variant, "gemm/tiled.opencl@64x64");
    EXPECT_EQ(comparison.cells[0].cells.other_choices, 2u);
    const std::vector<NamedSide> tiles = sides_by(By::tile, reports);
    EXPECT_EQ(tiles.size(), 3u);
    std::vector<NamedSide> two{tiles[1], tiles[2]};
    EXPECT_EQ(compare_sides(two, By::tile, {}).cells.size(), 1u);
}

TEST(ComparisonBy, RevisionsInTheOrderOfTheirStart) {
    std::vector<Report> reports{one_cell(1.1e6, 6, 1), one_cell(1e6, 6, 2)};
    reports[0].environment.revision = "later";
    reports[0].environment.started = "2026-02-01T00:00:00Z";
    reports[1].environment.revision = "earlier";
    const std::vector<NamedSide> sides = sides_by(By::revision, reports);
    ASSERT_EQ(sides.size(), 2u);
    EXPECT_EQ(sides[0].name, "earlier");
    const Comparison comparison = compare_sides(sides, By::revision, {});
    EXPECT_EQ(comparison.cells.at(0).found.finding, Finding::regression);
    EXPECT_EQ(comparison.cells.at(0).effect.pairs, 6u) << "one after the other, as no round is of both";
    EXPECT_THROW(compare_sides(std::span(sides).first(1), By::revision, {}), std::invalid_argument);
}

TEST(ComparisonBy, DevicesMayBeOtherHardware) {
    const std::vector<Report> reports{
        report_of({timed("gemm/naive.opencl", Language::opencl, square, "opencl:0", 90e3, 10, 1),
                   timed("gemm/naive.opencl", Language::opencl, square, "cuda:0", 50e3, 10, 2)})};
    const std::vector<NamedSide> sides = sides_by(By::device, reports);
    const Comparison comparison = compare_sides(sides, By::device, {});
    ASSERT_EQ(comparison.cells.size(), 1u);
    EXPECT_TRUE(comparison.cells[0].cells.let_pass.empty()) << "that is what was asked about";
}

TEST(Comparison, TwoEqualDevicesAreToldApartByTheirOrder) {
    Report base = report_of({timed(tiled, Language::opencl, square, "opencl:0", 1e6, 6, 1),
                             timed(tiled, Language::opencl, square, "opencl:1", 3e6, 6, 2)});
    base.devices.push_back(base.devices[0]);
    base.devices.back().id = "opencl:1";
    const std::vector<Report> before{base}, after{base};
    const Comparison comparison = compared(before, after);
    ASSERT_EQ(comparison.cells.size(), 2u);
    for (const CellComparison& cell : comparison.cells) EXPECT_EQ(cell.ratio(), 1);
}

}  // namespace
}  // namespace stele::comparison_test
