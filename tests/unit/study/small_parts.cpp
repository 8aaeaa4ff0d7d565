// Small parts of the study by hand: ratios of two variants, sides and their rounds, what a doctor runs, parity of
// samples.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/study/doctor_cells.hpp"
#include "harness/study/finding.hpp"
#include "harness/study/page/pages.hpp"
#include "harness/study/parity.hpp"
#include "harness/study/plots/comparison_forest.hpp"
#include "harness/study/plots/specification.hpp"
#include "harness/study/report_tables.hpp"
#include "harness/study/sides.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::small_parts_test {
namespace {

using test::report_of;

constexpr const char* square = "m=512 n=512 k=512 f32";

Measurement on_gpu(const std::string& variant, Language language, std::vector<double> samples,
                   const std::string& problem = square) {
    return test::passed_cell(variant, language, problem, "cuda:0", std::move(samples));
}

TEST(RatioTables, HaveTheMedianOfReportsAndTheMeanOfProblems) {
    const auto report = [](double scale) {
        return report_of({on_gpu("gemm/tiled.cuda@64x64", Language::cuda, {100}),
                          on_gpu("gemm/naive.cuda", Language::cuda, {200 * scale}),
                          on_gpu("gemm/tiled.cuda@64x64", Language::cuda, {100}, "m=512 n=1024 k=512 f32"),
                          on_gpu("gemm/naive.cuda", Language::cuda, {800}, "m=512 n=1024 k=512 f32")});
    };
    const std::vector<Report> reports{report(1), report(1.5), report(0.5)};
    const RatioPair pair{"gemm/tiled.cuda", "gemm/naive.cuda"};
    const auto tables = ratio_tables(reports, pair);
    ASSERT_EQ(tables.size(), 1u);
    EXPECT_EQ(tables[0].title, "gemm/tiled.cuda ÷ gemm/naive.cuda: speed, above 1 the first is faster");
    ASSERT_EQ(tables[0].rows.size(), 3u);
    EXPECT_EQ(tables[0].rows[1].cells, (std::vector<std::string>{square, "3", "2.00", "1.00–3.00"}));
    EXPECT_EQ(tables[0].rows[0].cells, (std::vector<std::string>{"m=512 n=1024 k=512 f32", "3", "8.00", "8.00–8.00"}));
    EXPECT_EQ(tables[0].rows[2].cells, (std::vector<std::string>{"geometric mean of 2", "", "4.00", ""}));
    ASSERT_EQ(tables[0].notes.size(), 1u);
    EXPECT_TRUE(tables[0].notes[0].starts_with("A GPU, burst cold normal, ")) << tables[0].notes[0];
    const auto json = ratio_json(reports, pair);
    EXPECT_EQ(json["variant"], "gemm/tiled.cuda");
    EXPECT_EQ(json["base"], "gemm/naive.cuda");
    ASSERT_EQ(json["summaries"].size(), 1u);
    const auto& summary = json["summaries"][0];
    EXPECT_EQ(summary["hardware"], "A GPU");
    EXPECT_EQ(summary["regime"], "burst");
    EXPECT_EQ(summary["variant"]["backend"], "cuda");
    EXPECT_NEAR(summary["geometric_mean"].get<double>(), 4, 1e-12);
    EXPECT_EQ(summary["problems"][1]["ratios"], nlohmann::json({1.0, 2.0, 3.0}));
    EXPECT_EQ(summary["problems"][1]["median"], 2);
    EXPECT_EQ(summary["problems"][0]["problem"], "m=512 n=1024 k=512 f32");
}

TEST(RatioTables, SayWhereNothingIsBeside) {
    const auto tables = ratio_tables(std::vector{report_of({})}, {"gemm/tiled.cuda", "gemm/naive.cuda"});
    ASSERT_EQ(tables.size(), 1u);
    EXPECT_TRUE(tables[0].rows.empty());
    EXPECT_EQ(tables[0].notes,
              std::vector<std::string>{"no report has timed both on one problem, device and conditions"});
    EXPECT_FALSE(tables[0].title.empty());
}

TEST(SideCells, HaveTheirRoundsWithClocksAndCycles) {
    Measurement cell = on_gpu("gemm/naive.cuda", Language::cuda, {100, 300, 200, 500});
    cell.timing->round = {0, 0, 0, 1};
    cell.timing->rounds = 2;
    cell.timing->clock.resize(4);
    for (ClockState& clock : cell.timing->clock) clock.sm_mhz = 1500;
    cell.timing->clock[1].throttle_reasons = {"power"};
    cell.timing->clock[2].throttle_reasons = {"heat", "power"};
    const std::vector<Report> reports{report_of({cell}), report_of({cell})};
    const auto sides = side_cells(reports, 1, [](const Report&, const Measurement&) { return std::size_t{0}; });
    ASSERT_EQ(sides.at(0).size(), 1u);
    const SideCell& side = sides[0][0];
    ASSERT_EQ(side.rounds.size(), 4u);
    EXPECT_EQ(side.rounds[0].samples_ns, (std::vector<double>{100, 300, 200}));
    EXPECT_EQ(side.rounds[0].median_ns, 200);
    EXPECT_EQ(side.rounds[0].clock_mhz, (std::vector<double>{1500, 1500, 1500}));
    EXPECT_EQ(side.rounds[0].cycles.at(1), 450) << "300 ns at 1500 MHz";
    EXPECT_EQ(side.rounds[0].throttled, 2u);
    EXPECT_EQ(side.rounds[0].throttle_reasons, (std::set<std::string>{"heat", "power"}));
    EXPECT_EQ(side.rounds[1].throttled, 0u);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(side.rounds[i].slot, i) << "a process each";
    EXPECT_EQ(side.median_ns(), 350) << "of 200, 500, 200 and 500";
    EXPECT_EQ(side.device()->name, "A GPU");
    EXPECT_EQ(processes_of(reports[0]), 2u);
    EXPECT_EQ(processes_of(report_of({})), 1u);
    // A clock that one sample lacks is none.
    Report silent = reports[0];
    silent.measurements[0].timing->clock[3].sm_mhz.reset();
    const std::vector<Report> one{silent};
    const auto without = side_cells(one, 1, [](const Report&, const Measurement&) { return std::size_t{0}; });
    EXPECT_TRUE(without[0][0].rounds[0].cycles.empty());
    EXPECT_EQ(without[0][0].rounds[0].throttled, 2u);
}

TEST(SideCells, ThatFailedOnceHaveNoTime) {
    const Measurement right = on_gpu("gemm/naive.cuda", Language::cuda, {100});
    Measurement wrong = right;
    wrong.timing.reset();
    wrong.verdict.outcome = Outcome::wrong;
    Measurement skipped = wrong, nowhere = right;
    skipped.verdict.outcome = Outcome::skipped;
    nowhere.device.clear();
    const auto cell_of = [](std::vector<Report> reports) {
        const auto sides = side_cells(reports, 2, [](const Report&, const Measurement&) { return std::size_t{1}; });
        EXPECT_TRUE(sides[0].empty());
        return std::pair(sides[1].at(0).telling().verdict.outcome, sides[1][0].rounds.size());
    };
    EXPECT_EQ(cell_of({report_of({right}), report_of({wrong})}), std::pair(Outcome::wrong, std::size_t{0}));
    EXPECT_EQ(cell_of({report_of({skipped}), report_of({right, nowhere})}), std::pair(Outcome::passed, std::size_t{1}));
    EXPECT_EQ(cell_of({report_of({skipped})}), std::pair(Outcome::skipped, std::size_t{0}));
}

TEST(SideCells, AreTwinsWhereOneReportHasThemTwice) {
    const Measurement cell = on_gpu("gemm/naive.cuda", Language::cuda, {100});
    const std::vector<Report> reports{report_of({cell, cell}), report_of({cell, cell})};
    const auto sides = side_cells(reports, 1, [](const Report&, const Measurement&) { return std::size_t{0}; });
    ASSERT_EQ(sides[0].size(), 2u);
    EXPECT_EQ(sides[0][0].twin, 0u);
    EXPECT_EQ(sides[0][1].twin, 1u);
    EXPECT_EQ(sides[0][1].sources.size(), 2u);
}

TEST(PairsOfRounds, AreOfEqualSlotsElseOneAfterTheOther) {
    const auto with_slots = [](const std::vector<std::size_t>& slots) {
        SideCell cell;
        for (const std::size_t slot : slots) cell.rounds.emplace_back().slot = slot;
        return cell;
    };
    const SideCell base = with_slots({0, 1, 3}), some = with_slots({1, 3, 4}), none = with_slots({7, 8});
    const auto shared = pair_rounds(base, some);
    ASSERT_EQ(shared.size(), 2u);
    EXPECT_EQ(shared[0].base, &base.rounds[1]);
    EXPECT_EQ(shared[0].other, &some.rounds[0]);
    const auto in_turn = pair_rounds(base, none);
    ASSERT_EQ(in_turn.size(), 2u);
    EXPECT_EQ(in_turn[0].base, &base.rounds[0]);
    EXPECT_EQ(in_turn[1].other, &none.rounds[1]);
    EXPECT_TRUE(pair_rounds(base, {}).empty());
}

std::set<std::string> problems_of(const DoctorCells& cells) {
    std::set<std::string> out;
    for (const Cell& cell : cells.cells) out.insert(cell.problem->id());
    return out;
}

TEST(DoctorCellsByHand, AreTheCeilingsOfTheDevicesSize) {
    const Registry registry;
    DeviceInfo gpu = test::sample_devices()[1];
    gpu.compute_units = 3;
    gpu.max_threads_per_block = 1024;
    gpu.warp_size = 32;
    gpu.global_bytes = gpu.max_allocation_bytes = std::size_t{1} << 36;
    gpu.cache_bytes = (std::size_t{50} << 20) + 5;
    const DoctorCells of_gpu = doctor_cells(registry, {&gpu});
    ASSERT_FALSE(of_gpu.cells.empty());
    EXPECT_TRUE(problems_of(of_gpu).contains("bytes=52428800")) << "a whole number of 16 bytes";
    EXPECT_TRUE(problems_of(of_gpu).contains("blocks=24 iterations=2048 f32"));
    std::set<std::string> algorithms;
    for (const Cell& cell : of_gpu.cells) {
        EXPECT_TRUE(cell.variant->default_tile) << cell.variant->id();
        EXPECT_EQ(cell.variant->operation, "ceiling");
        EXPECT_EQ(cell.device, &gpu);
        algorithms.insert(cell.variant->algorithm);
    }
    EXPECT_TRUE(algorithms.contains("launch"));
    EXPECT_FALSE(algorithms.contains("lanes") || algorithms.contains("runs")) << "those are a CPU's own";
    gpu.cache_bytes = 1;
    EXPECT_TRUE(problems_of(doctor_cells(registry, {&gpu})).contains("bytes=16777216"));
    gpu.cache_bytes = std::size_t{1} << 30;
    EXPECT_TRUE(problems_of(doctor_cells(registry, {&gpu})).contains("bytes=268435456"));

    DeviceInfo cpu = test::sample_devices()[0];
    std::set<std::string> of_cpu;
    const DoctorCells cells = doctor_cells(registry, {&cpu});
    for (const Cell& cell : cells.cells) of_cpu.insert(cell.variant->algorithm);
    EXPECT_TRUE(problems_of(cells).contains("blocks=24 iterations=32 f32"));
    of_cpu.erase("launch");
    of_cpu.erase("lanes");
    of_cpu.erase("runs");
    EXPECT_TRUE(of_cpu.empty()) << *of_cpu.begin();
}

TEST(ParityOfSamples, IsToldFromTheReports) {
    Measurement cuda = on_gpu("gemm/tiled.cuda@128x128", Language::cuda, {100}),
                ptx = on_gpu("gemm/tiled.ptx@128x128", Language::ptx, {100});
    cuda.timing->batch = 2;
    ptx.timing->batch = 3;
    cuda.timing->rotations = 4;
    ptx.timing->rotations = 5;
    cuda.seed = 6;
    ptx.seed = 7;
    const std::vector<Report> reports{report_of({cuda, ptx})};
    const auto rows = parity_of_languages(sides_by(By::language, reports));
    ASSERT_EQ(rows.size(), 1u);
    std::map<std::string, std::string> told;
    for (const ParityDifference& one : rows[0].differences) told[one.what] = one.first + " " + one.second;
    EXPECT_EQ(told["executions a sample"], "2 3");
    EXPECT_EQ(told["operands in turn"], "4 5");
    EXPECT_EQ(told["inputs' seed"], "6 7");
    for (const char* alike : {"timer", "threads", "timer's step", "tile", "shared bytes a block may have"})
        EXPECT_FALSE(told.contains(alike)) << alike;
}

TEST(RoundsToSettle, AtTheMarginItselfAreThoseOfADifference) {
    FindingRules rules;
    rules.margin = 0.02;
    Effect effect;
    effect.pairs = 4;
    effect.log_ratio = std::log1p(0.02);
    effect.test = PairedTest{};
    effect.test->mean = effect.log_ratio;
    effect.test->deviation = 0.02;
    effect.test->interval = {effect.log_ratio - 0.05, effect.log_ratio + 0.05, 0.95};
    effect.test->p = 0.2;
    const Found found = finding_of(effect, 0.2, rules);
    EXPECT_EQ(found.finding, Finding::inconclusive);
    EXPECT_GT(found.rounds, 0u) << "no number of rounds would show it to be the same";
}

TEST(ComparisonShow, SixtyCellsAndSaysOfWhatTheyAre) {
    std::vector<Report> base, other;
    for (const double scale : {1.0, 1.001}) {
        base.push_back(report_of({on_gpu("gemm/naive.cuda", Language::cuda, {1e6 * scale})}));
        other.push_back(report_of({on_gpu("gemm/naive.cuda", Language::cuda, {2e6 * scale})}));
    }
    const std::vector<NamedSide> sides{side_of("base", base), side_of("new", other)};
    Comparison comparison = compare_sides(sides, By::side, {});
    ASSERT_EQ(comparison.cells.size(), 1u);
    EXPECT_NE(drawn(comparison_page(comparison, {}, {}), DrawnAs::console).find("Of 1 cells 1 have up to 2 pairs."),
              std::string::npos)
        << "two pairs have an interval";
    const CellComparison one = comparison.cells[0];
    for (const std::size_t cells : {60, 61}) {
        comparison.cells.assign(cells, one);
        const auto plot = plots::comparison_forest(comparison);
        EXPECT_EQ(nlohmann::json::parse(plot->specification)["data"]["values"].size(), 60u);
        EXPECT_EQ(plot->table.rows.size(), cells);
    }
}

TEST(Ticks, ReachBothEnds) {
    EXPECT_EQ(plots::ticks_of_log(1, 10), plots::Json({1.0, 2.0, 5.0, 10.0}));
    EXPECT_EQ(plots::ticks_of_log(1, 300), plots::Json({1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0}));
    EXPECT_EQ(plots::ticks_of_log(1, 301), plots::Json({1.0, 10.0, 100.0})) << "where there are many";
    EXPECT_LT(plots::ticks_of_log(1.01, 10).size(), plots::ticks_of_log(1, 10).size());
    EXPECT_LT(plots::ticks_of_log(1, 9.99).size(), plots::ticks_of_log(1, 10).size());
}

}  // namespace
}  // namespace stele::small_parts_test
