// The plots of reports: right rows, right fields, and nothing of a report outside its strings.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/study/history_tables.hpp"
#include "harness/study/plots/cascade.hpp"
#include "harness/study/plots/comparison_forest.hpp"
#include "harness/study/plots/course.hpp"
#include "harness/study/plots/report_plots.hpp"
#include "harness/study/plots/specification.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::plots_test {
namespace {

using nlohmann::json;
constexpr const char *square = "m=512 n=512 k=512 f32", *row = "m=1 n=1024 k=1024 bf16 b=nk", *gpu = "A GPU";

/// Two rungs in two languages and a library, on one GPU.
Report two_languages(double scale = 1) {
    Report report;
    report.environment = test::sample_environment();
    report.devices = test::sample_devices();
    const auto cell = [&](const std::string& variant, Language language, const std::string& problem, double ns) {
        report.measurements.push_back(test::passed_cell(variant, language, problem, "cuda:0",
                                                        {scale * ns * 0.99, scale * ns, scale * ns * 1.01}));
    };
    cell("gemm/naive.cuda", Language::cuda, square, 8e6);
    cell("gemm/naive.ptx", Language::ptx, square, 8e6);
    cell("gemm/tiled.cuda@64x64", Language::cuda, square, 3e6);
    cell("gemm/tiled.cuda@128x128", Language::cuda, square, 2e6);
    cell("gemm/tiled.ptx@128x128", Language::ptx, square, 1e6);
    cell("gemm/vendor.cublaslt", Language::vendor, square, 0.5e6);
    cell("gemm/naive.cuda", Language::cuda, row, 4e3);
    report.measurements[4].timing->ceiling = {"ceiling/fma.cuda on a problem", Counted::flops, Dtype::f32, 1e12};
    report.measurements[4].timing->fraction_of_peak = 0.268;
    return report;
}

json specification_of(const std::optional<Plot>& plot) {
    EXPECT_TRUE(plot);
    return plot ? json::parse(plot->specification) : json();
}

std::vector<json> rows_where(const json& whole, const std::string& field, const json& value) {
    std::vector<json> found;
    for (const json& one : whole["data"]["values"])
        if (one[field] == value) found.push_back(one);
    return found;
}

TEST(Roofline, HasEveryTimedCellBelowTheCeilings) {
    const std::vector<Report> reports{two_languages()};
    const auto plot = plots::roofline(PageCells(reports), gpu);
    const json whole = specification_of(plot);
    ASSERT_EQ(whole["data"]["values"].size(), 7u);
    EXPECT_EQ(plot->table.rows.size(), 7u);
    const auto found = rows_where(whole, "variant", "gemm/tiled.ptx@128x128");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_DOUBLE_EQ(found[0]["rate"], 2.0 * 512 * 512 * 512 / 1e-3);
    EXPECT_DOUBLE_EQ(found[0]["intensity"], 2.0 * 512 * 512 * 512 / (3 * 512 * 512 * 4));
    EXPECT_EQ(found[0]["language"], "PTX");
    EXPECT_EQ(found[0]["of peak"], "0.268");
    // A level line at the ceiling, over all intensities as no memory's is known.
    const json& line = whole["layer"][0]["data"]["values"];
    ASSERT_EQ(line.size(), 2u);
    for (const json& end : line) EXPECT_DOUBLE_EQ(end["rate"], 1e12);
    EXPECT_EQ(line[0]["intensity"], whole["encoding"]["x"]["scale"]["domain"][0]);
    EXPECT_EQ(whole["encoding"]["x"]["scale"]["type"], "log");
    EXPECT_FALSE(plots::roofline(PageCells(reports), "another"));
}

TEST(Roofline, TakesCeilingsFromTheirOwnCells) {
    std::vector<Report> reports{two_languages()};
    reports[0].measurements.push_back(
        test::passed_cell("ceiling/copy.cuda", Language::cuda, "bytes=1048576", "cuda:0", {1e3, 1e3, 1e3}));
    const json whole = specification_of(plots::roofline(PageCells(reports), gpu));
    const double memory = reports[0].measurements.back().bytes / 1e-6;
    std::size_t sloped = 0;
    for (const json& end : whole["layer"][0]["data"]["values"])
        if (end["line"].get<std::string>().starts_with("memory")) {
            ++sloped;
            EXPECT_DOUBLE_EQ(end["rate"], end["intensity"].get<double>() * memory);
        }
    EXPECT_EQ(sloped, 2u);
    EXPECT_EQ(whole["data"]["values"].size(), 7u) << "a copy has no FLOPs";
}

TEST(Ladder, TellsThePriceOfEachStep) {
    const std::vector<Report> reports{two_languages()};
    const auto plot = plots::ladder(PageCells(reports), "gemm", gpu);
    const json whole = specification_of(plot);
    EXPECT_EQ(whole["encoding"]["x"]["sort"], json({"naive", "tiled"}));
    EXPECT_EQ(whole["data"]["values"].size(), 4u) << "the fastest tile of each, no library";
    EXPECT_EQ(rows_where(whole, "variant", "gemm/tiled.cuda@128x128")[0]["step"], "×4.00");
    EXPECT_EQ(rows_where(whole, "variant", "gemm/tiled.ptx@128x128")[0]["step"], "×8.00");
    EXPECT_FALSE(rows_where(whole, "rung", "naive")[0].contains("step"));
    ASSERT_EQ(plot->table.rows.size(), 4u);
    EXPECT_EQ(plot->table.rows.back().cells.back(), "×2.00") << "PTX beside the slowest language on its rung";
    EXPECT_FALSE(whole["params"][0].contains("bind")) << "one problem has two rungs, so nothing is to be chosen";
    EXPECT_FALSE(plots::ladder(PageCells(reports), "attention", gpu));
}

TEST(HeatMap, HasTheShareOfTheBestAndOfTheVendor) {
    const std::vector<Report> reports{two_languages()};
    const json whole = specification_of(plots::heat_map(PageCells(reports), gpu));
    const auto shares = rows_where(whole, "of", "the fastest"),
               of_vendor = rows_where(whole, "of", "the fastest vendor library");
    ASSERT_EQ(shares.size(), 4u) << "three languages on one problem, one on the other";
    ASSERT_EQ(of_vendor.size(), 3u);
    for (const auto& list : {shares, of_vendor})
        for (const json& share : list)
            if (share["problem"] == fmt::format("gemm {}", square)) {
                EXPECT_DOUBLE_EQ(share["value"], share["language"] == "vendor" ? 1.0
                                                 : share["language"] == "PTX"  ? 0.5
                                                                               : 0.25);
            }
    EXPECT_EQ(whole["encoding"]["x"]["sort"], json({"CUDA C++", "PTX", "vendor"}));
    EXPECT_EQ(whole["params"][0]["bind"]["options"].size(), 2u);
}

TEST(LanguageForest, HasIntervalsOfSamplesOrOfProcesses) {
    std::vector<Report> reports{two_languages()};
    const json one = specification_of(plots::language_forest(PageCells(reports), gpu));
    const auto ptx = rows_where(one, "language", "PTX");
    ASSERT_EQ(ptx.size(), 1u);
    EXPECT_DOUBLE_EQ(ptx[0]["ratio"], 0.5);
    // Both medians' intervals reach 1 % to either side, and the ratio's 1.4 %.
    EXPECT_NEAR(ptx[0]["low"], 0.5 * std::exp(-std::sqrt(2.0) * 0.01), 1e-4);
    EXPECT_DOUBLE_EQ(ptx[0]["to"], 1.02);
    reports.push_back(two_languages(1.1));
    reports.push_back(two_languages(1.2));
    const auto plot = plots::language_forest(PageCells(reports), gpu);
    const auto pairs = rows_where(specification_of(plot), "language", "PTX");
    EXPECT_NEAR(pairs[0]["low"], 0.5, 1e-9) << "equal ratios in each process";
    EXPECT_EQ(plot->table.rows[0].cells[5], "3 processes");
}

TEST(ComparisonForest, HasEachCellsIntervalAndMargin) {
    const std::vector<Report> base{two_languages(), two_languages(1.01)},
        other{two_languages(1.5), two_languages(1.52)};
    const std::vector<NamedSide> sides{side_of("base", base), side_of("new", other)};
    const Comparison comparison = compare_sides(sides, By::side, {});
    const auto plot = plots::comparison_forest(comparison);
    const json whole = specification_of(plot);
    ASSERT_EQ(whole["data"]["values"].size(), comparison.cells.size());
    ASSERT_EQ(comparison.cells.size(), 7u);
    for (std::size_t i = 0; i < comparison.cells.size(); ++i) {
        const json& shown = whole["data"]["values"][i];
        EXPECT_DOUBLE_EQ(shown["ratio"], comparison.cells[i].ratio());
        EXPECT_DOUBLE_EQ(shown["low"], comparison.cells[i].interval().low);
        EXPECT_DOUBLE_EQ(shown["to"], 1 + comparison.cells[i].margin);
        EXPECT_EQ(shown["link"], '#' + compared_anchor(i));
    }
    EXPECT_FALSE(plots::comparison_forest(Comparison()));
}

LanguagePortability language_on(Language language, std::vector<std::optional<double>> efficiencies) {
    LanguagePortability out;
    out.language = language;
    out.cascade = stele::cascade(efficiencies);
    const auto estimate = [](double value) { return Estimate{value, {value - 0.01, value + 0.01, 0.95}}; };
    for (const auto& efficiency : efficiencies) {
        LanguageOnDevice& own = out.devices.emplace_back();
        own.supported = efficiency.has_value();
        ++(own.supported ? out.supported : out.unsupported);
        if (!own.supported) {
            own.why_not = "no runtime speaks it";
            continue;
        }
        own.efficiency = estimate(*efficiency);
        own.cells = {{square, "gemm/tiled." + std::string(name(language)), 1e6, *efficiency}};
    }
    out.pp = estimate(performance_portability(efficiencies).pp);
    return out;
}

TEST(Cascade, FallsFromTheBestDeviceAndEndsInPp) {
    ScopePortability scope{{"gemm"}, {{"CPU", "0-1"}, {"GPU", ""}}, {square}, 1, {}};
    scope.kinds = {{EfficiencyOf::libraries,
                    {language_on(Language::cuda, {std::nullopt, 0.9}), language_on(Language::opencl, {0.5, 1.0})}}};
    const auto link = [](const PortabilityScope&, const PortabilityDevice& device, const FastestCell& cell) {
        return device.hardware == "GPU" ? "cell-of-" + cell.variant : std::string();
    };
    const auto plot = plots::cascade(std::vector{scope}, link);
    const json whole = specification_of(plot);
    EXPECT_EQ(whole["encoding"]["x"]["sort"], json({"1st", "2nd", "PP"}));
    EXPECT_EQ(whole["data"]["values"].size(), 6u) << "two devices and PP of each language";
    const auto opencl = rows_where(whole, "language", "OpenCL C");
    ASSERT_EQ(opencl.size(), 3u);
    EXPECT_EQ(opencl[0]["device"], "GPU");
    EXPECT_EQ(opencl[0]["link"], "#cell-of-gemm/tiled.opencl");
    EXPECT_DOUBLE_EQ(opencl[1]["value"], 0.5);
    EXPECT_DOUBLE_EQ(opencl[1]["pp"], 2.0 / 3);
    EXPECT_EQ(opencl[1]["mark"], "B") << "CUDA came first, and its best device is A";
    EXPECT_DOUBLE_EQ(opencl[2]["value"], 2.0 / 3);
    EXPECT_DOUBLE_EQ(opencl[2]["low"], 2.0 / 3 - 0.01);
    EXPECT_FALSE(opencl[2].contains("step"));
    const auto cuda = rows_where(whole, "language", "CUDA C++");
    EXPECT_EQ(cuda[1]["weakest"], "no runtime speaks it");
    EXPECT_EQ(cuda[1]["value"], 0);
    EXPECT_EQ(cuda[2]["value"], 0);
    ASSERT_EQ(plot->table.rows.size(), 6u);
    EXPECT_EQ(cuda[1]["link"], '#' + plot->table.rows[1].anchor) << "without a cell to its own row";
    EXPECT_EQ(plot->table.notes.back(), "A: GPU; B: CPU on CPUs 0-1");
    scope.devices.pop_back();
    EXPECT_FALSE(plots::cascade(std::vector{scope}, link)) << "one device is no cascade";
}

TEST(CoursePlot, HasRunsChangesAndFailures) {
    std::vector<NamedReport> reports;
    for (int month = 1; month <= 4; ++month) {
        reports.push_back({fmt::format("{}.json", month), two_languages(month < 3 ? 1 : 2)});
        reports.back().report.environment.started = fmt::format("2026-0{}-01T00:00:00Z", month);
    }
    Measurement& failed = reports[3].report.measurements[0];
    failed.timing.reset();
    failed.verdict.outcome = Outcome::wrong;
    failed.verdict.reason = "every element is zero";
    History history = history_of(reports);
    history.courses[0].segments[0].changes = {{2, 8e6, 16e6, 0.001}};
    const auto parts = history_parts(history, reports, "by hand");
    const auto part = std::ranges::find(parts, &history.courses[0], &HistoryTable::course);
    ASSERT_NE(part, parts.end());
    const auto plot = plots::course(*part, reports);
    const json whole = specification_of(plot);
    const json& runs = whole["data"]["values"];
    ASSERT_EQ(runs.size(), 4u);
    EXPECT_DOUBLE_EQ(runs[0]["median"], 8e-3);
    EXPECT_EQ(runs[2]["change"], "+100 % from here");
    EXPECT_EQ(runs[3]["failed"], "wrong: every element is zero");
    EXPECT_FALSE(runs[3].contains("median"));
    std::vector<std::string> anchors, links;
    for (const Row& row : plot->table.rows)
        if (!row.anchor.empty()) anchors.push_back('#' + row.anchor);
    for (const json& run : runs) links.push_back(run["link"]);
    EXPECT_EQ(links, anchors) << "each mark leads to its own row";
    reports.resize(1);
    const History once = history_of(reports);
    EXPECT_FALSE(plots::course({{}, &once.courses[0], 0}, reports));
}

TEST(Plots, TextOfAReportStaysText) {
    const std::string hostile = "gemm/tiled.ptx@</script>\x1b[2J\xe2\x80\xae\xff\"";
    std::vector<Report> reports{two_languages()};
    reports[0].measurements[4].variant = hostile;
    const json whole = specification_of(plots::roofline(PageCells(reports), gpu));
    EXPECT_EQ(rows_where(whole, "variant", "gemm/tiled.ptx@</script>\\x1b[2J\\u202e\\xff\"").size(), 1u)
        << whole["data"];
}

TEST(Plots, EachLanguageHasItsColourWhicheverOthersAreThere) {
    const auto all = plots::language_colour({Language::cuda, Language::ptx, Language::vendor}),
               one = plots::language_colour({Language::ptx});
    EXPECT_EQ(all["scale"]["range"][1], one["scale"]["range"][0]);
    std::set<std::string> colours, shapes;
    for (const LanguageInfo& language : language_rows) {
        colours.insert(plots::language_colour({language.language})["scale"]["range"][0]);
        shapes.insert(plots::language_shape({language.language})["scale"]["range"][0]);
    }
    EXPECT_EQ(colours.size(), language_rows.size());
    EXPECT_EQ(shapes.size(), language_rows.size());
}

}  // namespace
}  // namespace stele::plots_test
