#include "harness/exchange/junit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/error.hpp"
#include "harness/base/markup.hpp"
#include "harness/record/cell_key.hpp"

namespace stele {

namespace {

bool was_skipped(const Measurement& cell) { return cell.verdict.outcome == Outcome::skipped; }

double seconds_of(const Measurement& cell) {
    if (cell.timing) return cell.timing->median_ns * 1e-9;
    return cell.untimed ? cell.untimed->execution_ns * 1e-9 : 0;
}

/// Tests, failures and skipped, as both testsuite and testsuites have them.
struct JunitCounts {
    std::size_t tests = 0, failures = 0, skipped = 0;

    void add(const Measurement& cell) {
        ++tests;
        if (is_failure(cell.verdict.outcome)) ++failures;
        if (was_skipped(cell)) ++skipped;
    }
    std::string text() const {
        return fmt::format(R"(tests="{}" failures="{}" errors="0" skipped="{}")", tests, failures, skipped);
    }
};

std::string testcase(const Measurement& cell) {
    const std::string begin = fmt::format(R"(    <testcase classname="{}" name="{}" time="{:.9f}")",
                                          markup_text(cell.operation), markup_text(cell_path(cell)), seconds_of(cell));
    const std::string reason = markup_text(cell.verdict.reason), outcome(name(cell.verdict.outcome));
    if (was_skipped(cell)) return fmt::format("{}>\n      <skipped message=\"{}\"/>\n    </testcase>\n", begin, reason);
    if (is_failure(cell.verdict.outcome))
        return fmt::format("{0}>\n      <failure type=\"{1}\" message=\"{2}\">{1}: {2}</failure>\n    </testcase>\n",
                           begin, outcome, reason);
    return begin + "/>\n";
}

}  // namespace

std::string junit_xml(std::span<const NamedReport> reports) {
    JunitCounts all;
    std::string suites;
    for (const NamedReport& named : reports) {
        const Environment& made = named.report.environment;
        JunitCounts own;
        std::string cells;
        double seconds = 0;
        for (const Measurement& cell : named.report.measurements) {
            own.add(cell);
            all.add(cell);
            seconds += seconds_of(cell);
            cells += testcase(cell);
        }
        // JUnit's times have no zone.
        suites += fmt::format("  <testsuite name=\"{}\" {} time=\"{:.9f}\" timestamp=\"{}\">\n    <properties>\n",
                              markup_text(named.name), own.text(), seconds,
                              markup_text(made.started.substr(0, made.started.find('Z'))));
        for (const auto& [name, value] : {std::pair{"revision", made.revision},
                                          {"complete", named.report.complete ? "true" : "false"},
                                          {"cpu", made.cpu}})
            suites += fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", name, markup_text(value));
        suites += "    </properties>\n" + cells + "  </testsuite>\n";
    }
    if (all.tests == 0) throw NothingFound("nothing was measured in these reports");
    return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"stele\" {}>\n{}</testsuites>\n",
                       all.text(), suites);
}

}  // namespace stele
