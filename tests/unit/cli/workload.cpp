// A run's cells: what leaves it.
#include "harness/cli/workload.hpp"

#include <gtest/gtest.h>

#include "tests/support/fake_device.hpp"
#include "tests/support/twice.hpp"

namespace stele {
namespace {

using test::FakeDevice;
using test::twice_variant;

TEST(Workload, ADeviceThatDoesNotWorkTakesItsOwnCellsAlone) {
    FakeDevice broken, sound;
    broken.description.id = "opencl:0";
    sound.description.id = "opencl:1";
    Workload workload;
    const Problem& problem = *workload.problems.emplace_back(std::make_unique<test::TwiceProblem>(8, 8));
    const Variant a = twice_variant("a"), b = twice_variant("b");
    for (const Variant* variant : {&a, &b})
        for (FakeDevice* device : {&broken, &sound}) workload.cells.push_back({variant, &problem, device, {}});
    workload.devices = {&broken.info(), &sound.info()};

    SamplerOptions options;
    give_up(workload, broken.info(), options, "its compiler fails");
    ASSERT_EQ(workload.cells.size(), 2u);
    for (const Cell& cell : workload.cells) EXPECT_EQ(cell.device, &sound);
    ASSERT_EQ(workload.left_out.size(), 2u);
    EXPECT_EQ(workload.left_out[0].variant, "twice/a.host");
    EXPECT_EQ(workload.left_out[1].variant, "twice/b.host");
    for (const Measurement& lost : workload.left_out) {
        EXPECT_EQ(lost.verdict.outcome, Outcome::error);
        EXPECT_EQ(lost.verdict.reason, "its compiler fails");
        EXPECT_EQ(lost.device, "opencl:0");
    }
    EXPECT_EQ(workload.devices, std::vector<const DeviceInfo*>{&sound.info()});
}

}  // namespace
}  // namespace stele
