// What a page says in words, and its tables.
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/draw/console.hpp"
#include "harness/study/page/page_cells.hpp"
#include "harness/study/page/pages.hpp"
#include "harness/study/page/report_words.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::report_page_test {
namespace {

constexpr const char *square = "m=512 n=512 k=512 f32", *wide = "m=512 n=1024 k=512 f32";

Measurement timed(const std::string& variant, Language language, const std::string& problem, double ns) {
    return test::passed_cell(variant, language, problem, "cuda:0", {0.99 * ns, ns, 1.01 * ns});
}

Report report_of(std::vector<Measurement> cells) {
    Report report;
    report.environment = test::sample_environment();
    report.devices = test::sample_devices();
    report.measurements = std::move(cells);
    return report;
}

std::string words_of(const std::vector<Report>& reports) {
    std::string out;
    for (const std::string& words : report_words(PageCells(reports))) out += words + '\n';
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
        words.find("of 2 problems that more than one language was timed on, PTX won 1, 2.00 × as fast as the next "
                   "language and 1 was too close to call."),
        words.npos)
        << words;
    EXPECT_NE(
        words.find("on 1 problem: the best language reached 0.800 × its speed; it was faster on 0, slower on 1 and too "
                   "close to call on 0."),
        words.npos)
        << words;
    EXPECT_NE(words.find("one process's samples"), words.npos);
    EXPECT_NE(words.find("5 were right and timed, none was wrong and 0 were not run"), words.npos) << words;
    const Table winners = winners_table(PageCells(reports));
    ASSERT_EQ(winners.rows.size(), 2u);
    EXPECT_EQ(winners.rows[0].cells, (std::vector<std::string>{"A GPU", "PTX", "1", "2.00"}));
}

TEST(ReportWords, SayWhatRanAloneAndWhatWasNotRun) {
    const std::vector<Report> reports{
        report_of({timed("gemm/tiled.ptx@a", Language::ptx, square, 1e6),
                   test::skipped_cell("gemm/tiled.opencl", Language::opencl, square, "")})};
    const std::string words = words_of(reports);
    EXPECT_NE(words.find("on 1 problem only PTX was timed, so no language won there."), words.npos) << words;
    EXPECT_NE(words.find("No vendor library was timed here."), words.npos) << words;
    EXPECT_NE(words.find("Not run: 1 cells (no device)."), words.npos) << words;
}

TEST(ReportWords, WithRoundsTheySpeakOfProcesses) {
    const auto report = [](double scale) {
        return report_of({timed("gemm/tiled.cuda@a", Language::cuda, square, scale * 2e6),
                          timed("gemm/tiled.ptx@a", Language::ptx, square, scale * 1e6)});
    };
    EXPECT_NE(words_of({report(1), report(1.1), report(1.2)}).find("of up to 3 processes"), std::string::npos);
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
    // Every link of a plot leads to a row.
    std::size_t links = 0;
    for (const Document::Part& part : page.parts())
        if (const auto* plot = std::get_if<Plot>(&part))
            for (std::size_t at = 0; (at = plot->specification.find("\"#cell-", at)) != std::string::npos; ++links) {
                const std::size_t from = at + 2;
                at = plot->specification.find('"', from);
                EXPECT_TRUE(anchors.contains(plot->specification.substr(from, at - from)));
            }
    EXPECT_GT(links, 0u);
}

}  // namespace
}  // namespace stele::report_page_test
