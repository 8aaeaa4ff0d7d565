// A time as a fraction of the measured ceiling that bounds it; and the noise floor that speaks of a cell.
#include "harness/record/ceiling.hpp"

#include <gtest/gtest.h>

#include "harness/record/noise_floor.hpp"
#include "harness/record/telemetry.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::ceiling_test {
namespace {

const std::vector<Ceiling> known{{"fma", Counted::flops, Dtype::f32, 1e11},
                                 {"slower fma", Counted::flops, Dtype::f32, 1e10},
                                 {"copy", Counted::bytes, Dtype::u8, 1e10},
                                 {"triad", Counted::bytes, Dtype::f32, 2e10}};

Measurement cell_of(double flops, double bytes, double median_ns) {
    Measurement cell;
    cell.flops = flops;
    cell.bytes = bytes;
    cell.timing = test::timing_of({median_ns});
    return cell;
}

Measurement compared(Measurement cell, const std::vector<Ceiling>& ceilings = known) {
    compare_with_ceilings(cell, ceilings);
    EXPECT_EQ(cell.timing && cell.timing->ceiling, cell.timing && cell.timing->fraction_of_peak);
    return cell;
}

TEST(FractionOfPeak, IsOfTheHighestRateOfWhatBindsLonger) {
    // 1 ms at 1e11 FLOP/s, 0.05 ms at 2e10 B/s.
    const Measurement compute = compared(cell_of(1e8, 1e6, 2e6));
    EXPECT_EQ(compute.timing->ceiling->name, "fma");
    EXPECT_DOUBLE_EQ(*compute.timing->fraction_of_peak, 0.5);
    const Measurement memory = compared(cell_of(1e6, 1e6, 2e5));
    EXPECT_EQ(memory.timing->ceiling->name, "triad");
    EXPECT_DOUBLE_EQ(*memory.timing->fraction_of_peak, 0.25);
    EXPECT_EQ(compared(cell_of(0, 1e6, 2e5)).timing->ceiling->name, "triad") << "no work at all";
    EXPECT_EQ(compared(cell_of(1e6, 0, 2e5)).timing->ceiling->name, "fma") << "no traffic";
    EXPECT_EQ(compared(cell_of(1e8, 2e7, 2e6)).timing->ceiling->name, "fma") << "both take 1 ms";
    EXPECT_EQ(compared(cell_of(4e11, 1, 8e9)).timing->fraction_of_peak, 0.5) << "seconds are not a limit";
    const std::vector<Ceiling> alike{{"first", Counted::flops, Dtype::f32, 1e11},
                                     {"second", Counted::flops, Dtype::f32, 1e11}};
    EXPECT_EQ(compared(cell_of(1e8, 0, 2e6), alike).timing->ceiling->name, "first");
}

TEST(FractionOfPeak, CountsWhatTheCeilingIsOf) {
    const Measurement cell = cell_of(3, 5, 1);
    EXPECT_EQ(counted(cell, known[0]), 3);
    EXPECT_EQ(counted(cell, known[2]), 5);
}

TEST(FractionOfPeak, TrafficIsNoBoundOnAWarmCache) {
    Measurement warm = cell_of(1e6, 1e6, 2e5);
    warm.cache = CacheMode::warm;
    EXPECT_EQ(compared(warm).timing->ceiling->name, "fma");
    warm.flops = 0;
    EXPECT_FALSE(compared(warm).timing->ceiling);
}

TEST(FractionOfPeak, AbsentWhereACeilingThatBoundsItIsNotKnown) {
    Measurement half = cell_of(1e8, 1e6, 2e6);
    half.dtype = Dtype::f16;
    EXPECT_FALSE(compared(half).timing->ceiling);
    EXPECT_FALSE(compared(cell_of(1e8, 1e6, 2e6), {known[0]}).timing->ceiling);
    EXPECT_FALSE(compared(cell_of(1e8, 1e6, 2e6), {}).timing->ceiling);
    EXPECT_FALSE(compared(cell_of(0, 0, 2e6)).timing->ceiling);
    Measurement untimed = cell_of(1e8, 1e6, 2e6);
    untimed.timing.reset();
    EXPECT_FALSE(compared(untimed).timing);
}

TEST(NoiseFloors, OfAsManyRoundsElseOfTheMostBelow) {
    Report report = test::sample_report();
    const Measurement& cell = report.measurements[0];
    ASSERT_EQ(kind_of(cell), KernelKind::compute);
    EXPECT_FALSE(noise_floor(report, cell, 5)) << "only memory was measured";
    report.noise_floors = {{cell.device,
                            {{KernelKind::compute, 10, 0.01, 0, 12},
                             {KernelKind::compute, 3, 0.03, 0, 12},
                             {KernelKind::compute, 10, 0.07, 0, 12},
                             {KernelKind::memory, 4, 0.5, 0, 12}}}};
    EXPECT_EQ(noise_floor(report, cell, 10)->floor, 0.01);
    EXPECT_EQ(noise_floor(report, cell, 1000)->floor, 0.01);
    EXPECT_EQ(noise_floor(report, cell, 9)->floor, 0.03);
    EXPECT_FALSE(noise_floor(report, cell, 2)) << "fewer rounds differ by more";
    Measurement elsewhere = cell;
    elsewhere.device = "cuda:0";
    EXPECT_FALSE(noise_floor(report, elsewhere, 10));
    report.noise_floors.reset();
    EXPECT_FALSE(noise_floor(report, cell, 10));
}

TEST(NoiseFloors, KindsFollowFromWorkAndTraffic) {
    EXPECT_EQ(kind_of(cell_of(0, 256, 1)), KernelKind::launch);
    EXPECT_EQ(kind_of(cell_of(0, 4096, 1)), KernelKind::launch) << "a page";
    EXPECT_EQ(kind_of(cell_of(0, 4097, 1)), KernelKind::memory);
    EXPECT_EQ(kind_of(cell_of(1, 4096, 1)), KernelKind::memory) << "some work";
    EXPECT_EQ(kind_of(cell_of(10e6, 1e6, 1)), KernelKind::compute) << "ten FLOPs a byte";
    EXPECT_EQ(kind_of(cell_of(0, 1e6, 1)), KernelKind::memory);
    EXPECT_EQ(kind_of(cell_of(9e6, 1e6, 1)), KernelKind::memory);
    EXPECT_EQ(kind_of(cell_of(11e6, 1e6, 1)), KernelKind::compute);
    EXPECT_EQ(kind_of(cell_of(1e9, 256, 1)), KernelKind::compute);
}

TEST(Disturbances, AnyReasonButIdlenessAndSettingsIsThrottling) {
    for (const char* reason : {"gpu idle", "application clocks setting", "display clock setting"})
        EXPECT_FALSE(is_throttle(reason)) << reason;
    for (const char* reason : {"software power cap", "a reason of another time", ""})
        EXPECT_TRUE(is_throttle(reason)) << reason;
}

TEST(Disturbances, AreCountedAndNamed) {
    Timing timing = test::timing_of({1, 2, 3, 4});
    EXPECT_EQ(disturbance_text(timing), "");
    timing.clock.resize(4);
    timing.clock[0].throttle_reasons = {"gpu idle"};
    timing.clock[3].throttle_reasons = {"application clocks setting"};
    EXPECT_EQ(disturbance_text(timing), "") << "that is no throttling";
    timing.clock[1].throttle_reasons = {"gpu idle", "software power cap"};
    timing.clock[2].throttle_reasons = {"software power cap", "hardware thermal slowdown"};
    EXPECT_EQ(disturbance_text(timing), "2 of 4 samples throttled (software power cap, hardware thermal slowdown)");
    timing.clock[1].throttle_reasons = {"display clock setting"};
    timing.stolen_ms = {1, 10, 0, 1};
    EXPECT_EQ(disturbance_text(timing),
              "1 of 4 samples throttled (software power cap, hardware thermal slowdown); "
              "3 of 4 samples with CPU time stolen, 12 ms in all");
    const Disturbed found = disturbed(timing);
    EXPECT_EQ(found.throttled, 1u);
    EXPECT_EQ(found.stolen, 3u);
    EXPECT_EQ(found.reasons, (std::vector<std::string>{"software power cap", "hardware thermal slowdown"}));
    timing.stolen_ms = {0, 10, 0, 0};
    timing.clock.clear();
    EXPECT_EQ(disturbance_text(timing), "1 of 4 samples with CPU time stolen, 10 ms in all");
}

}  // namespace
}  // namespace stele::ceiling_test
