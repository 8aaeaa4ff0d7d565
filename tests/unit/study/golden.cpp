// Tables of a report, whole: units, figures and shares as people and as programs read them.
#include "tests/support/golden.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/draw/console.hpp"
#include "harness/record/report_json.hpp"
#include "harness/study/report_tables.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::golden_test {
namespace {

std::vector<NamedReport> named() { return {{"sample.json", test::sample_report()}}; }

TEST(GoldenTables, OnAConsole) {
    test::expect_golden("tables.txt", console_text(Document(report_tables(named())), 120));
}

TEST(GoldenTables, AsJson) { test::expect_golden("tables.json", dump(side_by_side_json(named()))); }

}  // namespace
}  // namespace stele::golden_test
