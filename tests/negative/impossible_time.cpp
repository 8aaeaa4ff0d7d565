// A right kernel on a device whose clock is wrong: what no device of that kind can do is not reported as a time.
#include <gtest/gtest.h>

#include "harness/measure/runner.hpp"
#include "tests/negative/gemm_defects.hpp"
#include "tests/support/fake_device.hpp"
#include "tests/support/run_on.hpp"

namespace stele {
namespace {

class ImpossibleTime : public testing::Test {
protected:
    ImpossibleTime() {
        device.description.name = "NVIDIA H200";
        device.description.compute_capability = 90;
        device.description.compute_units = 132;
    }
    Measurement bench(double ns) {
        device.time = [ns](const std::string&) { return ns; };
        const Variant variant = test::host_variant("right", test::right_host);
        return test::bench_on({{&variant, &problem, &device}}, {}, {}).at(0);
    }

    test::FakeDevice device;
    // 256³: 33.6 MFLOP, at least 63 ns for 132 multiprocessors of 1024 multiply-adds a cycle.
    gemm::GemmProblem problem{{256, 256, 256, Dtype::f32, gemm::LayoutB::kn}};
};

TEST_F(ImpossibleTime, BelowTheFloorIsNoTime) {
    const Measurement impossible = bench(55);
    EXPECT_EQ(impossible.verdict.outcome, Outcome::impossible);
    EXPECT_FALSE(impossible.timing);
    EXPECT_NE(impossible.verdict.reason.find("H100 white paper"), std::string::npos) << impossible.verdict.reason;
    EXPECT_TRUE(is_failure(impossible.verdict.outcome));
}

TEST_F(ImpossibleTime, AboveTheFloorIsATime) {
    const Measurement possible = bench(70);
    ASSERT_EQ(possible.verdict.outcome, Outcome::passed) << possible.verdict.reason;
    EXPECT_GT(possible.timing->floor_ns, 55);
    EXPECT_LT(possible.timing->floor_ns, 70);
}

}  // namespace
}  // namespace stele
