// Reading and drawing a report take time in proportion to it, whatever it is made of.
#include "tests/support/growth.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>

#include "harness/draw/console.hpp"
#include "harness/draw/html.hpp"
#include "harness/draw/markdown.hpp"
#include "harness/record/report_json.hpp"
#include "harness/study/comparison_tables.hpp"
#include "harness/study/report_tables.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::growth_test {
namespace {

using test::growth;
using test::most_linear_growth;

Report with_cells(std::size_t cells, std::string (*variant)(std::size_t), std::string (*problem)(std::size_t),
                  std::string (*reason)(std::size_t)) {
    Report report = test::sample_report();
    Measurement cell = report.measurements[3];
    report.measurements.clear();
    cell.operation = "novel";
    for (std::size_t i = 0; i < cells; ++i) {
        cell.variant = "novel/" + variant(i) + ".opencl";
        cell.algorithm = variant(i);
        cell.problem = problem(i);
        cell.verdict.outcome = Outcome::skipped;
        cell.verdict.reason = reason(i);
        report.measurements.push_back(cell);
    }
    return report;
}

std::string one(std::size_t) { return "one"; }
std::string each(std::size_t i) { return "number_" + std::to_string(i); }
std::string long_reason(std::size_t i) {
    return "no device: " + std::to_string(i / 2) + " is not among those that are here, of which there are none at all";
}

Report of_problems(std::size_t cells) { return with_cells(cells, one, each, one); }
Report of_variants(std::size_t cells) { return with_cells(cells, each, one, one); }
Report of_reasons(std::size_t cells) { return with_cells(cells, each, one, long_reason); }
Report of_both(std::size_t cells) { return with_cells(cells, each, each, one); }

TEST(Growth, ReadingIsLinear) {
    const auto text = [](std::size_t cells) { return dump(to_json(of_problems(cells))); };
    EXPECT_LT(growth(100, text, [](const std::string& given) { report_from_text(given, "file"); }), most_linear_growth);
    const auto word = [](std::size_t length) {
        Report report = test::sample_report();
        report.environment.cpu = std::string(1000 * length, 'x');
        return dump(to_json(report));
    };
    EXPECT_LT(growth(100, word, [](const std::string& given) { report_from_text(given, "file"); }), most_linear_growth);
}

TEST(Growth, TablesAreLinear) {
    for (const auto& make : {of_problems, of_variants, of_reasons, of_both})
        for (const SkippedRows skipped : {SkippedRows::all, SkippedRows::counted})
            EXPECT_LT(growth(
                          150, [&](std::size_t cells) { return std::vector<NamedReport>{{"file", make(cells)}}; },
                          [&](const std::vector<NamedReport>& given) {
                              console_text(Document(report_tables(given, skipped)));
                          }),
                      most_linear_growth);
}

/// Cells that were timed, each of another problem.
Report of_times(std::size_t cells, CacheMode cache) {
    Report report = of_problems(cells);
    for (Measurement& cell : report.measurements) {
        cell.verdict = {};
        cell.verdict.outcome = Outcome::passed;
        cell.timing = test::timing_of({1e6, 1.1e6, 1.2e6});
        cell.cache = cache;
    }
    return report;
}

TEST(Growth, ComparisonsAreLinear) {
    // Compared, refused, and each on one side only.
    const auto same = [](std::size_t cells) {
        return std::pair{of_times(cells, CacheMode::cold), of_times(cells, CacheMode::cold)};
    };
    const auto refused = [](std::size_t cells) {
        return std::pair{of_times(cells, CacheMode::cold), of_times(cells, CacheMode::warm)};
    };
    const auto apart = [](std::size_t cells) {
        std::pair sides{of_times(cells, CacheMode::cold), of_times(cells, CacheMode::cold)};
        for (Measurement& cell : sides.second.measurements) cell.variant += "@1x1";
        return sides;
    };
    using Make = std::function<std::pair<Report, Report>(std::size_t)>;
    for (const Make& make : std::vector<Make>{same, refused, apart})
        EXPECT_LT(growth(60, make,
                         [](const std::pair<Report, Report>& given) {
                             const std::vector<NamedSide> sides{side_of("base", {&given.first, 1}),
                                                                side_of("new", {&given.second, 1})};
                             const Comparison comparison = compare_sides(sides, By::side, {});
                             console_text(comparison_document(comparison, {}, {}));
                         }),
                  most_linear_growth);
}

TEST(Growth, AWordIsDrawnInProportion) {
    const auto table = [](std::size_t length) {
        Table made;
        made.title = std::string(20 * length, 'x');
        made.notes = {made.title};
        made.columns = {{"column", Align::left}};
        made.rows = {{{made.title}, ""}, {{}, made.title}};
        return made;
    };
    EXPECT_LT(growth(500, table, [](const Table& given) { console_text(given); }), most_linear_growth);
    EXPECT_LT(growth(500, table, [](const Table& given) { markdown_text(given); }), most_linear_growth);
    EXPECT_LT(growth(500, table, [](const Table& given) { html_text(Document(given)); }), most_linear_growth);
}

}  // namespace
}  // namespace stele::growth_test
