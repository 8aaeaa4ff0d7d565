#include <fmt/format.h>

#include <string>
#include <string_view>

#include "harness/base/markup.hpp"
#include "harness/study/comparison_tables.hpp"

namespace stele {

namespace {

/// A case of a variant, with nothing in it where all is well.
std::string test_case(const SideCell& cell, std::string_view side, std::string_view inside) {
    const std::string start =
        fmt::format(R"(  <testcase classname="{}" name="{} on {}, {}")", markup_text(cell.key.variant),
                    markup_text(cell.key.problem), markup_text(cell.first().device), markup_text(side));
    return inside.empty() ? start + "/>\n" : fmt::format("{}>{}</testcase>\n", start, inside);
}

std::string case_of(const CellComparison& cell) {
    const std::string message =
        markup_text(fmt::format("{} {:.4f}: {}", name(cell.found.finding), cell.ratio(), cell_text(cell)));
    std::string inside;
    if (cell.found.finding == Finding::regression && cell.counts)
        inside = fmt::format(R"(<failure type="REGRESSION" message="{}"/>)", message);
    else if (cell.found.finding == Finding::regression || cell.found.finding == Finding::inconclusive)
        inside = fmt::format(R"(<skipped message="{}"/>)", message);
    return test_case(*cell.cells.other, cell.other_side, inside);
}

}  // namespace

std::string comparison_junit(const Comparison& comparison) {
    std::string cases;
    std::size_t tests = 0, skipped = 0;
    for (const WithoutTime& pair : comparison.without_time) {
        const Measurement& now = pair.cells.other->telling();
        if (pair.is_broken())
            cases += test_case(*pair.cells.other, pair.other_side,
                               fmt::format(R"(<error type="{}" message="{}"/>)", name(now.verdict.outcome),
                                           markup_text(now.verdict.reason)));
        else if (pair.is_too_slow())
            cases += test_case(
                *pair.cells.other, pair.other_side,
                fmt::format(R"(<failure type="REGRESSION" message="{}"/>)", markup_text(now.untimed->reason)));
        else
            continue;
        ++tests;
    }
    for (const CellComparison& cell : comparison.cells) {
        ++tests;
        const std::string text = case_of(cell);
        skipped += text.find("<skipped") != std::string::npos;
        cases += text;
    }
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuite name=\"stele compare\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n"
        "{}</testsuite>\n",
        tests, comparison.worse(), comparison.broken(), skipped, cases);
}

}  // namespace stele
