// Whole pages, with the specifications of their plots: what each figure is, how it is written, and where it stands.
#include <gtest/gtest.h>

#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/draw/console.hpp"
#include "harness/record/report_json.hpp"
#include "harness/study/comparison_tables.hpp"
#include "harness/study/history_tables.hpp"
#include "harness/study/page/pages.hpp"
#include "harness/study/portability_tables.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::golden_pages_test {
namespace {

using Json = nlohmann::ordered_json;

/// Numbers to six digits, which no library of functions differs in.
Json rounded(Json json) {
    if (json.is_number_float()) {
        std::ostringstream digits;
        digits << std::setprecision(6) << json.get<double>();
        return std::stod(digits.str());
    }
    if (json.is_structured())
        for (Json& inside : json) inside = rounded(inside);
    return json;
}

/// Headings, words and tables as on a console; of a plot its rows, and all that it is drawn by.
std::string whole(const Document& page) {
    std::string out = console_text(page, 120);
    for (const Document::Part& part : page.parts())
        if (const auto* plot = std::get_if<Plot>(&part))
            out += "plot: " + rounded(Json::parse(plot->specification)).dump() + '\n';
    return out;
}

/// Takes so many times as long.
void scale(Measurement& cell, double by) {
    if (!cell.timing) return;
    std::vector<double> samples = cell.timing->samples_ns;
    for (double& sample : samples) sample *= by;
    const Timing scaled = test::timing_of(samples);
    cell.timing->samples_ns = scaled.samples_ns;
    cell.timing->median_ns = scaled.median_ns;
    cell.timing->low_ns = scaled.low_ns;
    cell.timing->high_ns = scaled.high_ns;
}

/// A run of the month, all of whose times are so many times as long; a rung, a tile and a library beside the sample's.
NamedReport run_of(int month, double by) {
    NamedReport named{std::to_string(month) + ".json", test::sample_report()};
    Report& report = named.report;
    report.environment.started[6] = static_cast<char>('0' + month);
    report.devices[1].driver = month < 3 ? "570.1" : "580.2";
    constexpr const char *square = "m=512 n=512 k=512 f32", *wide = "m=512 n=1024 k=512 f32";
    const auto add = [&](const char* variant, Language language, const char* problem, double ns) {
        report.measurements.push_back(
            test::passed_cell(variant, language, problem, "cuda:0", {ns * 0.99, ns, ns * 1.01, ns * 1.02}));
    };
    add("gemm/naive.cuda", Language::cuda, square, 4e5);
    add("gemm/naive.ptx", Language::ptx, square, 3.5e5);
    add("gemm/tiled.ptx@128x128", Language::ptx, square, 5e4);
    add("gemm/tiled.ptx@64x64", Language::ptx, square, 9e4);
    add("gemm/vendor.cublaslt", Language::vendor, square, 4e4);
    add("gemm/tiled.cuda@128x128", Language::cuda, wide, 1.2e5);
    add("gemm/tiled.ptx@128x128", Language::ptx, wide, 1.21e5);
    add("ceiling/fma.cuda", Language::cuda, "blocks=16 iterations=512 f32", 3e5);
    for (Measurement& cell : report.measurements) scale(cell, by);
    return named;
}

std::vector<Report> side(const std::vector<double>& scales) {
    std::vector<Report> reports;
    for (const double scale : scales) reports.push_back(run_of(1, scale).report);
    return reports;
}

TEST(GoldenPages, OfOneReport) {
    const std::vector<NamedReport> reports{run_of(1, 1)};
    test::expect_golden("page-report.txt", whole(report_page(reports)));
}

TEST(GoldenPages, OfReportsAsRounds) {
    const std::vector<NamedReport> reports{run_of(1, 1), run_of(2, 1.01), run_of(3, 0.98)};
    test::expect_golden("page-rounds.txt", console_text(report_page(reports), 120));
}

TEST(GoldenPages, OfAHistory) {
    const std::vector<NamedReport> reports{run_of(1, 1), run_of(2, 1.2), run_of(3, 1.2), run_of(4, 0.9)};
    History history = history_of(reports);
    history.courses[0].segments[0].changes = {{1, 4.4e6, 5.28e6, 1e-4}, {3, 5.28e6, 3.96e6, 0}};
    test::expect_golden("history.json", dump(rounded(history_json(history, reports, "by hand"))));
    std::erase_if(history.courses, [&](const Course& course) { return course.key.variant.find("gemm/naive") == 0; });
    history.courses.resize(4);
    test::expect_golden("page-history.txt", whole(history_page(history, reports, "by hand")));
}

class GoldenComparison : public testing::Test {
protected:
    GoldenComparison() {
        // Of three cells one is slower, one the same and one faster; one is so in some rounds only, one is wrong now,
        // one is new and another is gone, and one is too slow to be timed.
        for (std::size_t round = 0; round < other.size(); ++round) {
            std::vector<Measurement>& cells = other[round].measurements;
            for (std::size_t i = 0; i < cells.size(); ++i) scale(cells[i], i % 3 == 0 ? 1.1 : i % 3 == 1 ? 1 : 0.8);
            scale(cells[8], round % 2 == 0 ? 1.3 : 0.8);
            cells[1].verdict.outcome = Outcome::wrong;
            cells[1].verdict.reason = "C is zero";
            cells[1].timing.reset();
            cells[10].variant = "gemm/tiled.ptx@32x32";
            cells[12].timing.reset();
            cells[12].untimed = Untimed{"one execution took 3 s", 3e9};
        }
        sides = {side_of("base", base), side_of("new", other)};
    }
    std::vector<Report> base = side({1, 1.004, 0.997, 1.001, 1.002, 0.999}),
                        other = side({1, 1.004, 0.998, 1.002, 1, 0.999});
    std::vector<NamedSide> sides;
};

TEST_F(GoldenComparison, OfTwoSides) {
    const Comparison comparison = compare_sides(sides, By::side, {});
    test::expect_golden("page-comparison.txt", whole(comparison_page(comparison, {}, {})));
    test::expect_golden("comparison.json", dump(rounded(comparison_json(comparison, {}, {}))));
    test::expect_golden("comparison.xml", comparison_junit(comparison));
    test::expect_golden("comparison-markdown.txt", comparison_markdown(comparison, {}, {}));
}

TEST(GoldenPages, OfPortability) {
    PortabilityRules rules;
    rules.resamples = 50;
    const std::vector<Report> reports = side({1, 1.02, 0.99});
    const PortabilityShown shown{portability_of(reports, rules), {}, {}, "not asked for", {"one.json"}, true};
    test::expect_golden("page-portability.txt", whole(portability_page(shown, rules)));
    test::expect_golden("portability.json", dump(rounded(portability_json(shown, rules))));
    test::expect_golden("portability.txt", console_text(portability_document(shown, rules), 120));
}

}  // namespace
}  // namespace stele::golden_pages_test
