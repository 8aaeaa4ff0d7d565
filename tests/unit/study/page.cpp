// What a page says in words, and its tables.
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/draw/console.hpp"
#include "harness/study/page/page_cells.hpp"
#include "harness/study/page/pages.hpp"
#include "harness/study/page/parity_part.hpp"
#include "harness/study/page/portability_words.hpp"
#include "harness/study/page/report_words.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::report_page_test {
namespace {

using test::report_of;

constexpr const char *square = "m=512 n=512 k=512 f32", *wide = "m=512 n=1024 k=512 f32";

Measurement timed(const std::string& variant, Language language, const std::string& problem, double ns) {
    return test::passed_cell(variant, language, problem, "cuda:0", {0.99 * ns, ns, 1.01 * ns});
}

std::string words_of(const std::vector<Report>& reports) {
    std::string out;
    for (const Paragraph& words : report_words(PageCells(reports))) out += words.whole() + '\n';
    return out;
}

TEST(ReportWords, SayWhoWonByHowMuchAndWhatIsTooClose) {
    const std::vector<Report> reports{report_of({timed("gemm/tiled.cuda@a", Language::cuda, square, 2e6),
                                                 timed("gemm/tiled.ptx@a", Language::ptx, square, 1e6),
                                                 timed("gemm/vendor.cublaslt", Language::vendor, square, 0.8e6),
                                                 timed("gemm/tiled.cuda@a", Language::cuda, wide, 2.00e6),
                                                 timed("gemm/tiled.ptx@a", Language::ptx, wide, 2.01e6)})};
    const std::string words = words_of(reports);
    EXPECT_NE(
        words.find("Who won on A GPU: Of 2 problems that more than one language was timed on, PTX won 1, there 2.00 × "
                   "as fast as the next language and 1 was too close to call."),
        words.npos)
        << words;
    EXPECT_NE(
        words.find("on 1 problem: the best language reached 0.800 × its speed; it was faster on 0, slower on 1 and too "
                   "close to call on 0."),
        words.npos)
        << words;
    EXPECT_NE(words.find("All are of one process's samples"), words.npos);
    EXPECT_NE(words.find("5 were right and timed, none was wrong and 0 were not run"), words.npos) << words;
    const Table winners = winners_table(PageCells(reports));
    ASSERT_EQ(winners.rows.size(), 2u);
    EXPECT_EQ(winners.rows[0].cells, (std::vector<std::string>{"A GPU", "gemm", "PTX", "1", "2.00"}));
}

TEST(ReportWords, SayWhatRanAloneAndWhatWasNotRun) {
    const std::vector<Report> reports{
        report_of({timed("gemm/tiled.ptx@a", Language::ptx, square, 1e6),
                   test::skipped_cell("gemm/tiled.opencl", Language::opencl, square, "")})};
    const std::string words = words_of(reports);
    EXPECT_NE(words.find("Timed alone, so that nobody won there: PTX on 1 problem."), words.npos) << words;
    EXPECT_NE(words.find("No vendor's library was timed here."), words.npos) << words;
    EXPECT_NE(words.find("What was not run: 1 cells (no device)."), words.npos) << words;
}

TEST(ReportWords, WithRoundsTheySpeakOfProcesses) {
    const auto report = [](double scale) {
        return report_of({timed("gemm/tiled.cuda@a", Language::cuda, square, scale * 2e6),
                          timed("gemm/tiled.ptx@a", Language::ptx, square, scale * 1e6)});
    };
    EXPECT_NE(
        words_of({report(1), report(1.1), report(1.2)}).find("Of the 1 ratios 1 are of several processes, up to 3."),
        std::string::npos);
}

/// Checks that every link of a plot leads to a row of the page, and counts them.
std::size_t links_held(const Document& page) {
    std::set<std::string> anchors;
    std::string specifications;
    for (const Document::Part& part : page.parts()) {
        const auto* plot = std::get_if<Plot>(&part);
        const auto* table = plot ? &plot->table : std::get_if<Table>(&part);
        if (plot) specifications += plot->specification;
        if (table)
            for (const Row& row : table->rows)
                if (!row.anchor.empty()) {
                    EXPECT_TRUE(anchors.insert(row.anchor).second) << row.anchor << " twice";
                }
    }
    constexpr std::string_view begin = "\"link\":\"#";
    std::size_t links = 0;
    for (std::size_t at = 0; (at = specifications.find(begin, at)) != std::string::npos; ++links) {
        at += begin.size();
        EXPECT_TRUE(anchors.contains(specifications.substr(at, specifications.find('"', at) - at)));
    }
    return links;
}

TEST(ReportPage, HasARowForEveryCellThatRanAndAReasonForTheOthers) {
    const std::vector<NamedReport> reports{{"one.json", test::sample_report()}};
    const Document page = report_page(reports);
    const auto table = [&](const std::string& title) -> const Table* {
        for (const Document::Part& part : page.parts())
            if (const auto* found = std::get_if<Table>(&part); found && found->title == title) return found;
        return nullptr;
    };
    ASSERT_NE(table("Cells"), nullptr);
    std::set<std::string> anchors;
    for (const Row& row : table("Cells")->rows) anchors.insert(row.anchor);
    EXPECT_EQ(anchors.size(), 7u) << "all but the one that was skipped";
    ASSERT_NE(table("Not right"), nullptr);
    EXPECT_EQ(table("Not right")->rows.size(), 1u);
    ASSERT_NE(table("Not run"), nullptr);
    EXPECT_EQ(table("Not run")->rows[0].cells,
              (std::vector<std::string>{"1", "no device: none here", "gemm/tiled.opencl_ptx@64x64x16"}));
    EXPECT_GT(links_held(page), 0u);
}

TEST(ComparisonPage, HasARowForEveryMarkAndWhatDiffersBesideTheLanguage) {
    const std::vector<Report> base{report_of({timed("gemm/tiled.cuda@a", Language::cuda, square, 2e6)})},
        other{report_of({timed("gemm/tiled.cuda@a", Language::cuda, square, 2e6)})};
    const std::vector<NamedSide> sides{side_of("base", base), side_of("new", other)};
    const Comparison comparison = compare_sides(sides, By::side, {});
    SiblingParity pair{"gemm/tiled", "cuda", "ptx", "A GPU", {square}, {{"tile", "a", "b"}}, ""};
    const Document page = comparison_page(comparison, {}, {{}, {pair}});
    EXPECT_EQ(links_held(page), 1u) << "of a cell that is the same too";
    EXPECT_NE(drawn(page, DrawnAs::console).find("CUDA C++: a"), std::string::npos);
}

TEST(HistoryPage, LeadsFromEachRunToItsRow) {
    std::vector<NamedReport> reports;
    for (int month = 1; month <= 3; ++month) {
        reports.push_back({std::to_string(month), report_of({timed("gemm/tiled.cuda@a", Language::cuda, square, 2e6),
                                                             timed("gemm/tiled.ptx@a", Language::ptx, square, 1e6)})});
        reports.back().report.environment.started[6] = static_cast<char>('0' + month);
    }
    EXPECT_EQ(links_held(history_page(history_of(reports), reports, "by hand")), 6u);
}

TEST(ParityWords, CountWhatSiblingsDifferIn) {
    const std::vector<SiblingParity> rows{{"gemm/tiled", "cuda", "ptx", "A GPU", {square}, {}, ""},
                                          {"gemm/tiled", "cuda", "opencl", "A GPU", {square}, {{"build", "x", ""}}, ""},
                                          {"gemm/half", "cuda", "ptx", "A GPU", {square}, {}, "no such variant"}};
    EXPECT_EQ(parity_words({}), "");
    EXPECT_NE(parity_words(rows).find(
                  "Of 3 such pairs of cells that were timed under equal conditions 1 do; the others differ "
                  "in build (1) besides; of 1 the launches could not be compared. "),
              std::string::npos)
        << parity_words(rows);
    const Table table = parity_part(rows);
    ASSERT_EQ(table.rows.size(), 3u);
    EXPECT_EQ(table.rows[1].cells.back(), "OpenCL C: none");
}

TEST(PortabilityWords, SayWhereALanguageIsNotKnownOrDoesNotRun) {
    ScopePortability scope{{"gemm"}, {{"CPU", ""}, {"GPU", ""}}, {square}, 1, {{EfficiencyOf::libraries, {}}}};
    EXPECT_EQ(portability_words(std::vector{scope}), "");
    LanguagePortability even, missing;
    even.language = Language::opencl;
    even.supported = 2;
    even.pp = Estimate{0.75, {}};
    missing.language = Language::cuda;
    missing.supported = 1;
    missing.pp = Estimate{0, {}};
    scope.kinds[0].languages = {missing, even};
    const std::string words = portability_words(std::vector{scope, scope});
    EXPECT_NE(words.find("Of 2 groups"), std::string::npos) << words;
    EXPECT_NE(words.find("CUDA C++ 0 in 2; OpenCL C 0.750 to 0.750 in 2."), std::string::npos) << words;
}

}  // namespace
}  // namespace stele::report_page_test
