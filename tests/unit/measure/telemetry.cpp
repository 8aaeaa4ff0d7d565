// What is told beside a sample: stolen time, energy, and how launches were handed over.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "harness/measure/merged_timing.hpp"
#include "tests/support/fake_device.hpp"
#include "tests/support/run_on.hpp"
#include "tests/support/twice.hpp"

namespace stele::telemetry_test {
namespace {

class TelemetryOfACell : public testing::Test {
protected:
    TelemetryOfACell() {
        options.most_samples = 6;
        options.interval = 0;
        options.cell_seconds = 100;
    }
    Measurement bench() { return test::bench_on({{&variant, &problem, &device}}, options).at(0); }

    test::FakeDevice device;
    test::TwiceProblem problem{4, 8};
    Variant variant = test::twice_variant("kernel");
    SamplerOptions options;
};

TEST_F(TelemetryOfACell, StolenTimeIsThatOfTheSampleAlone) {
    // Steals 10 ms in each execution, and 1000 ms between two samples, which are no sample's.
    double stolen = 0;
    device.time = [&](const std::string&) {
        stolen += 10;
        return 1000.0;
    };
    int asked = 0;
    device.stolen = [&] {
        if (asked++ % 2 == 0) stolen += 1000;
        return std::optional(stolen);
    };
    const Measurement cell = bench();
    ASSERT_TRUE(cell.timing) << cell.verdict.reason;
    ASSERT_TRUE(cell.timing->stolen_ms);
    EXPECT_EQ(*cell.timing->stolen_ms, std::vector<double>(cell.timing->samples_ns.size(), 10));
    ASSERT_TRUE(cell.timing->cpu);
    EXPECT_EQ(cell.timing->cpu->stolen_ms, 60);
}

TEST_F(TelemetryOfACell, NothingStolenIsToldOnceAndNobodyTellsIsNothing) {
    EXPECT_FALSE(bench().timing->cpu);
    device.stolen = [] { return std::optional(12345.0); };
    const Timing calm = *bench().timing;
    EXPECT_FALSE(calm.stolen_ms);
    ASSERT_TRUE(calm.cpu);
    EXPECT_EQ(calm.cpu->stolen_ms, 0);
}

TEST_F(TelemetryOfACell, StolenTimesOfSeveralProcessesStayBesideTheirSamples) {
    Timing calm, robbed;
    for (Timing* part : {&calm, &robbed}) {
        part->samples_ns = {1, 2};
        part->pass = {0, 1};
        part->round = {0, 0};
        part->cpu = CpuState{{}, {}, 0};
    }
    robbed.stolen_ms = {0, 20};
    robbed.cpu->stolen_ms = 20;
    EXPECT_EQ(merged({calm, robbed}).stolen_ms, (std::vector<double>{0, 0, 0, 20}));
    const Timing last_is_calm = merged({robbed, calm});
    EXPECT_EQ(last_is_calm.stolen_ms, (std::vector<double>{0, 20, 0, 0}));
    EXPECT_EQ(last_is_calm.cpu->stolen_ms, 20);
    EXPECT_FALSE(merged({calm, calm}).stolen_ms);
}

TEST_F(TelemetryOfACell, EnergyIsOfAtLeastASecondOfExecutions) {
    options.energy = true;
    EXPECT_FALSE(bench().timing->energy) << "the device has no counter";
    // Half a joule an execution.
    device.health.energy_mj = 1e6;
    variant = test::twice_variant("kernel", [&](float* x, float* y, std::int64_t count) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        *device.health.energy_mj += 500;
        test::twice(x, y, count);
    });
    device.time = [](const std::string&) { return 1e6; };
    const Measurement cell = bench();
    ASSERT_TRUE(cell.timing && cell.timing->energy) << cell.verdict.reason;
    EXPECT_GE(cell.timing->energy->seconds, 1);
    EXPECT_GE(cell.timing->energy->executions, 100u);
    EXPECT_NEAR(cell.timing->energy->joules_per_execution(), 0.5, 1e-9);
    options.energy = false;
    EXPECT_FALSE(bench().timing->energy);
}

TEST_F(TelemetryOfACell, LaunchesAreHandedOverAsThePlanWants) {
    options.most_samples = 5;
    const auto handed = [&](Handing handing) {
        Variant changed = variant;
        changed.make_plan = [handing, plan = variant.make_plan](const DeviceInfo& info, const Problem& of) {
            Plan out = plan(info, of);
            out.steps.push_back(out.steps.front());
            out.handing = handing;
            return out;
        };
        device.timed.clear();
        device.ran.clear();
        device.graphs = 0;
        return test::bench_on({{&changed, &problem, &device}}, options).at(0);
    };
    EXPECT_EQ(handed(Handing::queue).timing->median_ns, 2000) << "two launches, by the device's clock";
    EXPECT_EQ(device.graphs, 0);
    EXPECT_EQ(handed(Handing::graph).timing->median_ns, 2000);
    EXPECT_EQ(device.graphs, 6) << "five samples, and one to find the batch";
    const Measurement one_by_one = handed(Handing::one_by_one);
    ASSERT_TRUE(one_by_one.timing) << one_by_one.verdict.reason;
    EXPECT_TRUE(device.timed.empty()) << "the host's clock";
    EXPECT_GE(device.ran.size(), 2 * 2 + 2 * one_by_one.timing->samples_ns.size());
}

}  // namespace
}  // namespace stele::telemetry_test
