// A run's cells: what leaves it before anything is measured.
#include "harness/cli/workload.hpp"

#include <gtest/gtest.h>

#include "backends/error.hpp"
#include "harness/base/error.hpp"
#include "tests/support/fake_device.hpp"
#include "tests/support/twice.hpp"

namespace stele::workload_test {
namespace {

using test::twice_variant;

/// The clock of "fake:0" is asked by a kernel, which its compiler fails to make.
class OneFails : public CellRunner {
public:
    explicit OneFails(std::exception_ptr failure) { std::swap(failure_, failure); }
    ClockCheck check_clock(const DeviceInfo& device) override {
        if (device.id == "fake:0") std::rethrow_exception(failure_);
        return {};
    }
    FoundDevices found() override { return {}; }
    void run(Work, std::span<const Cell>, const SamplerOptions&, const RunnerEvents&) override {}
    GivenRun run_given(const Cell&, const Given&, const SamplerOptions&, const RunnerEvents&) override { return {}; }

private:
    std::exception_ptr failure_;
};

class ClockChecks : public testing::Test {
protected:
    /// Two variants on both devices.
    ClockChecks() {
        second.id = "fake:1";
        const Problem& problem = *workload.problems.emplace_back(std::make_unique<test::TwiceProblem>(8, 8));
        for (const Variant* variant : {&a, &b})
            for (const DeviceInfo* device : {&first, &second})
                workload.cells.push_back({variant, &problem, device, {}});
        workload.devices = {&first, &second};
    }

    DeviceInfo first = test::FakeDevice().info(), second = first;
    const Variant a = twice_variant("a"), b = twice_variant("b");
    Workload workload;
    SamplerOptions options;
};

TEST_F(ClockChecks, ADeviceWhoseCompilerFailsTakesItsOwnCellsAlone) {
    for (const std::exception_ptr& failure :
         {std::make_exception_ptr(DeviceError("clBuildProgram", -11, "CL_BUILD_PROGRAM_FAILURE", "no linker")),
          std::make_exception_ptr(Failed("no linker, so the worker died"))}) {
        OneFails runner(failure);
        Workload run;
        run.cells = workload.cells;
        run.devices = workload.devices;
        const auto clocks = check_clocks(runner, run, options);
        ASSERT_EQ(clocks.size(), 1u);
        EXPECT_EQ(clocks.begin()->first, "fake:1");
        ASSERT_EQ(run.cells.size(), 2u);
        for (const Cell& cell : run.cells) EXPECT_EQ(cell.device, &second);
        ASSERT_EQ(run.left_out.size(), 2u);
        EXPECT_EQ(run.left_out[0].variant, "twice/a.host");
        EXPECT_EQ(run.left_out[1].variant, "twice/b.host");
        for (const Measurement& lost : run.left_out) {
            EXPECT_EQ(lost.verdict.outcome, Outcome::error);
            EXPECT_NE(lost.verdict.reason.find("no linker"), std::string::npos) << lost.verdict.reason;
            EXPECT_EQ(lost.device, "fake:0");
        }
        EXPECT_EQ(run.devices, std::vector<const DeviceInfo*>{&second});
    }
}

TEST_F(ClockChecks, ACompilerThatSomebodyEndedEndsTheRun) {
    OneFails runner(std::make_exception_ptr(Interrupted("ended by signal 2")));
    EXPECT_THROW(check_clocks(runner, workload, options), Interrupted);
}

}  // namespace
}  // namespace stele::workload_test
