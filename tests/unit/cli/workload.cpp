// A run's cells: what leaves it before anything is measured.
#include "harness/cli/workload.hpp"

#include <gtest/gtest.h>

#include "harness/base/error.hpp"
#include "tests/support/fake_device.hpp"
#include "tests/support/twice.hpp"

namespace stele {
namespace {

using test::FakeDevice;
using test::twice_variant;

/// Its clock is asked by a kernel, which its compiler may fail to make.
class Timed : public FakeDevice {
public:
    Timed(const DeviceInfo& info, std::exception_ptr failure) : failure_(std::move(failure)) { description = info; }
    ClockCheck check_clock() override {
        if (failure_) std::rethrow_exception(failure_);
        return FakeDevice::check_clock();
    }

private:
    std::exception_ptr failure_;
};

/// Two devices, the first of which fails.
class TwoDevices : public Backend {
public:
    explicit TwoDevices(std::exception_ptr failure) : failure_(std::move(failure)), infos_(2, FakeDevice().info()) {
        infos_[1].id = "fake:1";
    }
    std::string_view name() const override { return "fake"; }
    const std::vector<DeviceInfo>& devices() const override { return infos_; }
    std::string why_none() const override { return {}; }
    std::unique_ptr<Device> open(std::size_t index) const override {
        return std::make_unique<Timed>(infos_[index], index == 0 ? failure_ : nullptr);
    }

private:
    std::exception_ptr failure_;
    std::vector<DeviceInfo> infos_;
};

class ClockChecks : public testing::Test {
protected:
    /// Two variants on both devices.
    void make(std::exception_ptr failure) {
        std::vector<std::unique_ptr<Backend>> backends;
        backends.push_back(std::make_unique<TwoDevices>(std::move(failure)));
        devices.emplace(std::move(backends));
        const Problem& problem = *workload.problems.emplace_back(std::make_unique<test::TwiceProblem>(8, 8));
        for (const Variant* variant : {&a, &b})
            for (const DeviceInfo& info : devices->infos())
                workload.cells.push_back({variant, &problem, &devices->open(info), {}});
        for (const DeviceInfo& info : devices->infos()) workload.devices.push_back(&info);
    }

    const Variant a = twice_variant("a"), b = twice_variant("b");
    std::optional<DeviceSet> devices;
    Workload workload;
    SamplerOptions options;
};

TEST_F(ClockChecks, ADeviceWhoseCompilerFailsTakesItsOwnCellsAlone) {
    make(std::make_exception_ptr(DeviceError("clBuildProgram", -11, "CL_BUILD_PROGRAM_FAILURE", "no linker")));
    const auto clocks = check_clocks(*devices, workload, options);
    ASSERT_EQ(clocks.size(), 1u);
    EXPECT_EQ(clocks.begin()->first, "fake:1");
    ASSERT_EQ(workload.cells.size(), 2u);
    for (const Cell& cell : workload.cells) EXPECT_EQ(cell.device->info().id, "fake:1");
    ASSERT_EQ(workload.left_out.size(), 2u);
    EXPECT_EQ(workload.left_out[0].variant, "twice/a.host");
    EXPECT_EQ(workload.left_out[1].variant, "twice/b.host");
    for (const Measurement& lost : workload.left_out) {
        EXPECT_EQ(lost.verdict.outcome, Outcome::error);
        EXPECT_NE(lost.verdict.reason.find("no linker"), std::string::npos) << lost.verdict.reason;
        EXPECT_EQ(lost.device, "fake:0");
    }
    ASSERT_EQ(workload.devices.size(), 1u);
    EXPECT_EQ(workload.devices[0]->id, "fake:1");
}

TEST_F(ClockChecks, ACompilerThatSomebodyEndedEndsTheRun) {
    make(std::make_exception_ptr(Interrupted("ended by signal 2")));
    EXPECT_THROW(check_clocks(*devices, workload, options), Interrupted);
}

}  // namespace
}  // namespace stele
