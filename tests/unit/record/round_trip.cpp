// What is written is read back: each value of each enumeration, and every problem of the full suite.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/catalog/registry.hpp"
#include "harness/measure/cell.hpp"
#include "harness/record/report_json.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::round_trip_test {
namespace {

/// A report of one cell, of an operation that nobody knows, so that its fields may hold anything.
Report report_of(Measurement cell) {
    cell.operation = "novel";
    Report report = test::sample_report();
    report.measurements = {std::move(cell)};
    return report;
}

Measurement timed_cell() {
    return test::passed_cell("gemm/tiled.cuda", Language::cuda, "m=1 n=1 k=1 f32", "cuda:0", {2, 3, 4});
}

Measurement read_back(const Report& report) {
    return report_from_text(dump(to_json(report)), "file").measurements.at(0);
}

/// Each value of an enumeration, written by `member` of a cell that may hold it.
template <typename E, typename Cell, typename Member>
void expect_each_reads_back(Cell&& cell_with, Member&& member) {
    for (const auto& [value, text] : named_values<E>()) {
        const Measurement cell = cell_with(value);
        ASSERT_EQ(member(cell), value) << text;
        EXPECT_EQ(member(read_back(report_of(cell))), value) << text;
    }
}

template <typename E>
auto timed_with(E Measurement::* member) {
    return [member](E value) {
        Measurement cell = timed_cell();
        cell.*member = value;
        return cell;
    };
}

TEST(RoundTrip, EveryValueOfEveryEnumeration) {
    const auto of = [](auto member) { return [member](const Measurement& cell) { return cell.*member; }; };
    expect_each_reads_back<Language>(timed_with(&Measurement::language), of(&Measurement::language));
    expect_each_reads_back<Dtype>(timed_with(&Measurement::dtype), of(&Measurement::dtype));
    expect_each_reads_back<Regime>(timed_with(&Measurement::regime), of(&Measurement::regime));
    expect_each_reads_back<CacheMode>(timed_with(&Measurement::cache), of(&Measurement::cache));
    expect_each_reads_back<Fill>(timed_with(&Measurement::fill), of(&Measurement::fill));
    expect_each_reads_back<StoppedBy>(
        [](StoppedBy value) {
            Measurement cell = timed_cell();
            cell.timing->stopped_by = value;
            return cell;
        },
        [](const Measurement& cell) { return cell.timing->stopped_by; });
    expect_each_reads_back<Outcome>(
        [](Outcome value) {
            Measurement cell = timed_cell();
            cell.timing.reset();
            cell.verdict.outcome = value;
            cell.verdict.reason = value == Outcome::passed ? "" : "a reason";
            return cell;
        },
        [](const Measurement& cell) { return cell.verdict.outcome; });
}

TEST(RoundTrip, LanguagesOfADevice) {
    Report report = test::sample_report();
    report.devices[0].languages.clear();
    for (const auto& [language, text] : named_values<Language>()) report.devices[0].languages.push_back(language);
    EXPECT_EQ(report_from_text(dump(to_json(report)), "file").devices[0].languages, report.devices[0].languages);
}

TEST(RoundTrip, AReportOfTheFullSuite) {
    const Registry registry;
    Report report = test::sample_report();
    report.measurements.clear();
    std::set<Dtype> dtypes;
    for (const Operation* operation : registry.operations())
        for (const auto& problem : problems(*operation, Suite::full))
            for (const Variant& variant : operation->variants()) {
                if (!variant.default_tile) continue;
                Measurement& cell = report.measurements.emplace_back(blank_measurement(variant, *problem, "", {}));
                cell.verdict.reason = "no device";
                dtypes.insert(cell.dtype);
            }
    EXPECT_TRUE(dtypes.contains(Dtype::tf32) && dtypes.contains(Dtype::e4m3) && dtypes.contains(Dtype::s8));
    const std::string text = dump(to_json(report));
    const Report again = report_from_text(text, "file");
    EXPECT_EQ(again.measurements.size(), report.measurements.size());
    EXPECT_TRUE(dump(to_json(again)) == text);
}

}  // namespace
}  // namespace stele::round_trip_test
