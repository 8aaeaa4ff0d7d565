// Noise floors, of medians whose noise is known.
#include "harness/study/noise.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "harness/base/statistics.hpp"
#include "harness/study/doctor_cells.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::noise_test {
namespace {

/// Log-normal times of this standard deviation of their logarithms, by Box and Muller.
std::vector<double> noisy(std::size_t count, double deviation, std::uint64_t seed) {
    SeededDraws draws(seed);
    const auto uniform = [&] { return (static_cast<double>(draws.bits() >> 11) + 0.5) * 0x1p-53; };
    std::vector<double> out;
    for (std::size_t i = 0; i < count; ++i)
        out.push_back(1e6 * std::exp(deviation * std::sqrt(-2 * std::log(uniform())) *
                                     std::cos(2 * std::numbers::pi * uniform())));
    return out;
}

TEST(RoundMedians, AreThoseOfEachProcess) {
    Timing timing = test::timing_of({1, 2, 3, 10, 20, 30});
    timing.round = {0, 0, 0, 1, 1, 1};
    EXPECT_EQ(round_medians(timing), (std::vector<double>{2, 20}));
}

TEST(NoiseFloor, IsThatOfTheDistribution) {
    constexpr double deviation = 0.01;
    const auto floors = noise_floors(KernelKind::memory, noisy(4000, deviation, 7), 1);
    ASSERT_EQ(floors.size(), 7u);
    for (const NoiseFloor& known : floors) {
        EXPECT_EQ(known.kind, KernelKind::memory);
        EXPECT_EQ(known.pairs, 2000u);
        // A difference of two, averaged over the rounds; 1.96 of its deviations hold 95 %. Its own error, of 2000
        // comparisons at a density of 0.117: 4 %.
        const double expected = 1.96 * deviation * std::numbers::sqrt2 / std::sqrt(known.rounds);
        EXPECT_NEAR(known.floor, expected, 5 * 0.042 * expected) << known.rounds;
        // Five of its standard deviations, over 2000 comparisons that share pairs where there are many rounds.
        if (known.rounds > 1) {
            EXPECT_NEAR(known.false_alarms, 0.05, 5 * std::sqrt(0.05 * 0.95 / 2000)) << known.rounds;
        }
    }
    EXPECT_EQ(floors[0].rounds, 1u);
    EXPECT_EQ(floors[0].false_alarms, 0) << "one pair has no interval";
}

TEST(NoiseFloor, OfFewPairsThereAreFewRounds) {
    EXPECT_TRUE(noise_floors(KernelKind::compute, {}, 1).empty());
    EXPECT_TRUE(noise_floors(KernelKind::compute, std::vector{1.0}, 1).empty());
    const auto floors = noise_floors(KernelKind::compute, noisy(7, 0.1, 3), 1);
    ASSERT_EQ(floors.size(), 3u);
    EXPECT_EQ(floors.back().rounds, 3u);
    EXPECT_EQ(floors.back().pairs, 3u);
}

TEST(NoiseFloor, WithoutNoiseThereIsNone) {
    for (const NoiseFloor& known : noise_floors(KernelKind::compute, std::vector<double>(20, 5.0), 1)) {
        EXPECT_EQ(known.floor, 0);
        EXPECT_EQ(known.false_alarms, 0);
    }
}

Measurement reached(const std::string& variant, const std::string& problem, double median_ns,
                    const std::string& device = "opencl:0") {
    return test::passed_cell(variant, Language::opencl, problem, device, {median_ns});
}

TEST(DoctorCells, CeilingsAreTheHighestOfEachDtypeAndOfMemory) {
    // 8.4 MFLOP; 1 MiB read and written; a triad of 3 MiB.
    const std::vector<Measurement> measured{reached("ceiling/fma.opencl", "blocks=1 iterations=16 f32", 1e6),
                                            reached("ceiling/lanes.opencl", "blocks=1 iterations=16 f32", 1e5),
                                            reached("ceiling/mma.ptx", "blocks=1 iterations=16 f16", 1e4, "cuda:0"),
                                            reached("ceiling/copy.opencl", "bytes=1048576", 1e5),
                                            reached("ceiling/triad.opencl", "bytes=1048576 triad", 1e5),
                                            reached("ceiling/launch.opencl", "launches=16 queue", 1e3),
                                            reached("gemm/naive.opencl", "m=2048 n=2048 k=2048 f32", 1)};
    const auto ceilings = ceilings_of(measured, "opencl:0");
    ASSERT_EQ(ceilings.size(), 3u);
    EXPECT_EQ(ceilings[0].name, "ceiling/lanes.opencl on blocks=1 iterations=16 f32");
    EXPECT_EQ(ceilings[0].counted, Counted::flops);
    EXPECT_NEAR(ceilings[0].per_second, 2.0 * 64 * 256 * 16 * 16 / 1e-4, 1);
    EXPECT_EQ(ceilings[1].counted, Counted::bytes);
    EXPECT_NEAR(ceilings[1].per_second, 3.0 * 1048576 / 1e-4, 1) << "f32 comes before u8";
    ASSERT_EQ(ceilings_of(measured, "cuda:0").size(), 1u);
    EXPECT_EQ(ceilings_of(measured, "cuda:0")[0].dtype, Dtype::f16);
    EXPECT_TRUE(ceilings_of({}, "opencl:0").empty());
}

TEST(DoctorCells, TheFastestOfEachKindIsComparedWithItself) {
    const std::vector<Measurement> measured{reached("ceiling/fma.opencl", "blocks=1 iterations=16 f32", 1e6),
                                            reached("ceiling/lanes.opencl", "blocks=1 iterations=16 f32", 1e5),
                                            reached("ceiling/copy.opencl", "bytes=1048576", 1e5),
                                            reached("ceiling/launch.opencl", "launches=16 one_by_one", 1e5),
                                            reached("ceiling/launch.opencl", "launches=16 queue", 1e3),
                                            reached("ceiling/mma.ptx", "blocks=1 iterations=16 f16", 1e4, "cuda:0")};
    EXPECT_EQ(fastest_of_each_kind(measured), (std::vector<std::size_t>{1, 2, 4, 5}));
}

}  // namespace
}  // namespace stele::noise_test
