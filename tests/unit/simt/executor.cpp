// CUDA C++ on the CPU executor: small kernels with known results, under many schedules, in both modules.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <numeric>
#include <set>

#include "backends/error.hpp"
#include "kernels/tensor.hpp"
#include "tests/support/simt.hpp"

namespace stele::test::executor_test {
namespace {

/// The plain module, and the checked one where this build has it.
class SimtExecutor : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (!SimtModule::is_built(GetParam()))
            GTEST_SKIP() << GetParam() << " is not in this build: a sanitizer's build has no checked module";
    }
    SimtTestDevice device(std::uint64_t seed = 1) const { return SimtTestDevice(GetParam(), seed); }
};

std::vector<float> counting(std::size_t count) {
    std::vector<float> out(count);
    std::iota(out.begin(), out.end(), 0.0f);
    return out;
}

TEST_P(SimtExecutor, ThreadsKnowTheirPlaces) {
    auto simt = device();
    const auto out = simt.buffer(std::vector<unsigned>(2 * 3 * 2 * 60));
    simt.run("places", "", {{2, 3, 2}, {5, 4, 3}}, {out.get()});
    const auto got = simt.content<unsigned>(*out);
    for (unsigned block = 0; block < 12; ++block)
        for (unsigned thread = 0; thread < 60; ++thread) ASSERT_EQ(got[block * 60 + thread], block * 1000 + thread);
}

TEST_P(SimtExecutor, ManySchedulesAgreeOnACorrectKernel) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        auto simt = device(seed);
        const auto in = simt.buffer(counting(256)), out = simt.buffer(std::vector<float>(256));
        simt.run("reverse", "", {{1}, {256}, 1024}, {in.get(), out.get()});
        const auto got = simt.content<float>(*out);
        for (std::size_t i = 0; i < 256; ++i) ASSERT_EQ(got[i], static_cast<float>(255 - i)) << "seed " << seed;
    }
}

TEST_P(SimtExecutor, TheSeedDecidesTheSchedule) {
    const auto order = [&](std::uint64_t seed) {
        auto simt = device(seed);
        const auto counter = simt.buffer(std::vector<unsigned>(1)), out = simt.buffer(std::vector<unsigned>(256));
        simt.run("order", "", {{1}, {256}}, {counter.get(), out.get()});
        return simt.content<unsigned>(*out);
    };
    std::set<std::vector<unsigned>> orders;
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        EXPECT_EQ(order(seed), order(seed));
        orders.insert(order(seed));
    }
    EXPECT_GT(orders.size(), 4u);
}

TEST_P(SimtExecutor, BlockVotes) {
    auto simt = device();
    const auto out = simt.buffer(std::vector<int>(96));
    simt.run("block_votes", "", {{1}, {96}}, {out.get()});
    for (const int value : simt.content<int>(*out)) EXPECT_EQ(value, 48 * 100 + 0 * 10 + 1);
}

TEST_P(SimtExecutor, WarpFunctions) {
    auto simt = device();
    const auto out = simt.buffer(std::vector<int>(512));
    simt.run("warp_functions", "", {{1}, {32}}, {out.get()});
    const auto got = simt.content<int>(*out);
    for (int lane = 0; lane < 32; ++lane) {
        const int tile = lane / 8 * 8;
        const std::vector<int> want{5,
                                    tile + 3,
                                    lane ^ 16,
                                    lane >= 2 ? lane - 2 : lane,
                                    lane % 16 + 4 < 16 ? lane + 4 : lane,
                                    0x49249249,
                                    1,
                                    0,
                                    31 * 16,
                                    0,
                                    -1,
                                    static_cast<int>(0xffu << tile),
                                    lane < 16 ? 15 * 8 : 16,
                                    8 * tile + 28,
                                    0x55,
                                    lane / 8};
        for (std::size_t i = 0; i < 16; ++i)
            EXPECT_EQ(got[static_cast<std::size_t>(lane) * 16 + i], want[i]) << "lane " << lane << ", result " << i;
    }
}

TEST_P(SimtExecutor, LanesThatHaveLeftAreNotWaitedFor) {
    auto simt = device();
    const auto out = simt.buffer(std::vector<int>(40, -1));
    simt.run("early_exit", "", {{1}, {40}}, {out.get()});
    const auto got = simt.content<int>(*out);
    for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(got[i], i % 4 == 0 ? -1 : i < 32 ? 24 : 6);
}

TEST_P(SimtExecutor, AtomicsAcrossBlocks) {
    auto simt = device();
    const auto counter = simt.buffer(std::vector<unsigned>(3));
    const auto sum = simt.buffer(std::vector<float>(1));
    simt.run("count_up", "", {{50}, {64}}, {counter.get(), sum.get()});
    EXPECT_EQ(simt.content<unsigned>(*counter)[0], 3200u);
    EXPECT_EQ(simt.content<unsigned>(*counter)[1], 3199u);
    EXPECT_NE(simt.content<unsigned>(*counter)[2], 0u);
    EXPECT_EQ(simt.content<float>(*sum)[0], 3200.0f);
}

TEST_P(SimtExecutor, AThreadMaySpinOnAnAtomic) {
    auto simt = device();
    const auto out = simt.buffer(std::vector<int>(64));
    simt.run("flag", "", {{1}, {64}}, {out.get()});
    for (const int value : simt.content<int>(*out)) EXPECT_EQ(value, 42);
}

TEST_P(SimtExecutor, WmmaMultiplies) {
    for (const bool half : {true, false}) {
        auto simt = device();
        std::vector<std::uint16_t> a(256), b(256);
        std::vector<float> left(256), right(256);
        for (std::size_t i = 0; i < 256; ++i) {
            left[i] = static_cast<float>(i % 7) - 3;
            right[i] = static_cast<float>(i % 5) - 2;
            a[i] = half ? f16_bits(left[i]) : bf16_bits(left[i]);
            b[i] = half ? f16_bits(right[i]) : bf16_bits(right[i]);
        }
        const auto A = simt.buffer(a), B = simt.buffer(b), C = simt.buffer(std::vector<float>(256));
        simt.run("wmma_tile", half ? "f16 kn" : "bf16 nk", {{1}, {32}}, {A.get(), B.get(), C.get()});
        const auto got = simt.content<float>(*C);
        for (std::size_t row = 0; row < 16; ++row)
            for (std::size_t col = 0; col < 16; ++col) {
                float want = 0;
                for (std::size_t k = 0; k < 16; ++k)
                    want += left[row * 16 + k] * (half ? right[k * 16 + col] : right[col * 16 + k]);
                ASSERT_EQ(got[row * 16 + col], want) << row << ", " << col;
            }
    }
}

TEST_P(SimtExecutor, AsynchronousCopiesOfCudaCpp) {
    constexpr int rounds = 5;
    for (const char* entry : {"barrier_copy", "pipeline_copy", "shared_pipeline_copy"})
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            auto simt = device(seed);
            const auto in = simt.buffer(counting(rounds * 128)), out = simt.buffer(std::vector<float>(rounds * 128));
            simt.run(entry, "", {{1}, {128}}, {in.get(), out.get(), rounds});
            const auto got = simt.content<float>(*out);
            for (std::size_t i = 0; i < got.size(); ++i) {
                const std::size_t turned = i - i % 128 + 127 - i % 128;
                ASSERT_EQ(got[i], static_cast<float>(turned)) << entry << ", seed " << seed;
            }
        }
}

TEST_P(SimtExecutor, BlocksOfAClusterShareMemory) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        auto simt = device(seed);
        const auto out = simt.buffer(std::vector<unsigned>(8 * 32));
        simt.run("neighbours", "", {{8}, {32}, 128, {4}}, {out.get()});
        const auto got = simt.content<unsigned>(*out);
        for (unsigned block = 0; block < 8; ++block) {
            const unsigned writer = block / 4 * 4 + (block + 3) % 4;
            for (unsigned i = 0; i < 32; ++i) ASSERT_EQ(got[block * 32 + i], 1100 * writer + 2 * i);
        }
    }
}

TEST_P(SimtExecutor, TheDeviceIsForResultsOnly) {
    auto simt = device();
    EXPECT_TRUE(simt.device().info().for_results_only);
    EXPECT_TRUE(simt.device().info().speaks(Language::ptx));
    EXPECT_THROW(simt.device().nanoseconds({}), DeviceError);
    EXPECT_THROW(simt.device().check_clock(), DeviceError);
    const auto out = simt.buffer(std::vector<int>(1));
    EXPECT_THROW(simt.run("block_votes", "", {{1}, {2048}}, {out.get()}), DeviceError);
    EXPECT_THROW(simt.run("block_votes", "", {{1}, {32}, 1u << 20}, {out.get()}), DeviceError);
    EXPECT_THROW(simt.run("block_votes", "", {{3}, {32}, 0, {2}}, {out.get()}), DeviceError);
}

/// Both sides of each limit; by the module alone, as a device asks first by limits of its own.
TEST_P(SimtExecutor, LaunchesThatNoGpuTakesAreRefusedWithTheReason) {
    const SimtModule module(GetParam());
    SimtMemory memory;
    unsigned* out = memory.add(std::vector<unsigned>(16 * 1024));
    const auto said = [&](const SimtShape& shape) { return module.run("places", "", shape, memory, out); };
    EXPECT_EQ(said({{1}, {1024}}), "");
    EXPECT_NE(said({{1}, {1025}}).find("a block of 1025 threads; 1 to 1024 are possible"), std::string::npos);
    EXPECT_NE(said({{1}, {0}}).find("a block of 0 threads; 1 to 1024 are possible"), std::string::npos);
    EXPECT_NE(said({{1, 0, 1}, {1}}).find("a grid without blocks"), std::string::npos);
    EXPECT_EQ(said({{1}, {1}, simt::max_shared_bytes}), "");
    EXPECT_NE(said({{1}, {1}, simt::max_shared_bytes + 1}).find("232449 bytes of dynamic shared memory; 232448 are"),
              std::string::npos);
    EXPECT_EQ(said({{16}, {1}, 0, {16}}), "");
    EXPECT_NE(said({{17}, {1}, 0, {17}}).find("a cluster of 17 blocks; 1 to 16 are possible"), std::string::npos);
    EXPECT_NE(said({{16}, {1}, 0, {0}}).find("a cluster of 0 blocks; 1 to 16 are possible"), std::string::npos);
    EXPECT_EQ(said({{2, 4, 6}, {1}, 0, {1, 2, 3}}), "");
    for (const Dim3 grid : {Dim3{3, 2, 3}, Dim3{2, 3, 3}, Dim3{2, 2, 4}})
        EXPECT_NE(said({grid, {1}, 0, {2, 2, 3}}).find("a grid that is not a multiple of the cluster"),
                  std::string::npos);
}

TEST_P(SimtExecutor, MemoryIsGivenBackAndGuarded) {
    auto simt = device();
    for (int round = 0; round < 3; ++round) {
        std::vector<std::unique_ptr<Buffer>> buffers;
        for (std::size_t i = 0; i < 20; ++i)
            buffers.push_back(simt.buffer(std::vector<unsigned>(i * 700, static_cast<unsigned>(i))));
        for (std::size_t i = 0; i < 20; i += 2) buffers[i].reset();
        const auto again = simt.buffer(std::vector<unsigned>(5000, 99u));
        for (std::size_t i = 1; i < 20; i += 2)
            for (const unsigned value : simt.content<unsigned>(*buffers[i])) ASSERT_EQ(value, i);
        EXPECT_EQ(simt.content<unsigned>(*again)[4999], 99u);
    }
    const auto one = simt.device().allocate(8);
    std::byte guard[8]{};
    EXPECT_NO_THROW(simt.device().upload(*one, -8, guard));
    EXPECT_THROW(simt.device().upload(*one, -4097, guard), DeviceError);
}

INSTANTIATE_TEST_SUITE_P(Modules, SimtExecutor, testing::Values("stele_simt_test", "stele_simt_test_checked"),
                         [](const auto& tested) { return std::string(tested.param).substr(6); });

TEST(SimtModule, AMissingOneIsToldWithItsReason) {
    const simt::Module none = simt::load_module("/nowhere/libstele_simt.so");
    EXPECT_EQ(none.table, nullptr);
    EXPECT_NE(none.why_not.find("/nowhere/libstele_simt.so"), std::string::npos) << none.why_not;
}

TEST(SimtOptions, TheSeedComesFromTheEnvironment) {
    setenv("STELE_SIMT_SEED", "77", 1);
    EXPECT_EQ(simt_options_from_environment().seed, 77u);
    setenv("STELE_SIMT_SEED", "7x", 1);
    EXPECT_THROW(simt_options_from_environment(), DeviceError);
    unsetenv("STELE_SIMT_SEED");
}

}  // namespace
}  // namespace stele::test::executor_test
