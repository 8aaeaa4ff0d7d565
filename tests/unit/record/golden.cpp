// A report's JSON, whole: writer and reader share one list of fields, so only a text from outside tells that a name
// stands beside its own value.
#include "tests/support/golden.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/record/report_json.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::golden_test {
namespace {

TEST(GoldenReport, EveryFieldHasItsOwnValue) {
    const std::string text = dump(to_json(test::sample_report()));
    test::expect_golden("report.json", text);
    EXPECT_EQ(dump(to_json(report_from_text(text, "golden"))), text);
}

}  // namespace
}  // namespace stele::golden_test
