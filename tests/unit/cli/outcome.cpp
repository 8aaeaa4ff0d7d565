// Each kind of error ends the process as the manual says.
#include "harness/cli/outcome.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "backends/error.hpp"
#include "harness/base/error.hpp"
#include "harness/catalog/registry.hpp"
#include "harness/exchange/google_benchmark.hpp"
#include "harness/record/report_json.hpp"
#include "harness/toolchain/toolchain.hpp"

namespace stele::outcome_test {
namespace {

template <typename E>
ExitCode code_of(E error) {
    const Ending ending = outcome_of(std::make_exception_ptr(std::move(error)));
    EXPECT_NE(ending.message.find("because"), std::string::npos);
    return ending.code;
}

TEST(Outcome, OfEachKindOfError) {
    EXPECT_EQ(code_of(BadInput("because")), exit_usage);
    EXPECT_EQ(code_of(CannotRead("because")), exit_usage);
    EXPECT_EQ(code_of(CannotWrite("because")), exit_usage);
    EXPECT_EQ(code_of(ReportError("because")), exit_usage);
    EXPECT_EQ(code_of(BenchmarkFlagError("because")), exit_usage);
    EXPECT_EQ(code_of(ProblemError("because")), exit_usage);
    EXPECT_EQ(code_of(NothingFound("because")), exit_nothing);
    EXPECT_EQ(code_of(RegistryError("because")), exit_nothing);
    EXPECT_EQ(code_of(MissingTool("because")), exit_nothing);
    EXPECT_EQ(code_of(Interrupted("because")), exit_interrupted);
    EXPECT_EQ(code_of(Failed("because")), exit_wrong);
    EXPECT_EQ(code_of(DeviceError("call", 1, "because")), exit_wrong);
    EXPECT_EQ(code_of(std::runtime_error("because")), exit_wrong);
    EXPECT_EQ(outcome_of(std::make_exception_ptr(std::bad_alloc())).code, exit_wrong);
}

TEST(Outcome, OfMeasurements) {
    const auto cell = [](Outcome outcome) {
        Measurement out;
        out.verdict.outcome = outcome;
        return out;
    };
    const Measurement passed = cell(Outcome::passed), wrong = cell(Outcome::wrong), skipped = cell(Outcome::skipped);
    EXPECT_EQ(outcome_of({passed, skipped}, true), exit_fine);
    EXPECT_EQ(outcome_of({passed}, false), exit_interrupted);
    EXPECT_EQ(outcome_of({passed, wrong}, false), exit_wrong);
    EXPECT_THROW(outcome_of({skipped}, true), NothingFound);
    EXPECT_EQ(count_outcomes({passed, skipped, skipped}), "1 passed, 2 skipped");
}

}  // namespace
}  // namespace stele::outcome_test
