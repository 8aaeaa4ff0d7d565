// The check of a device's clock by a chain of operations, on devices whose clocks are made up.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>

#include "backends/clock_check.hpp"
#include "tests/support/fake_device.hpp"

namespace stele::clock_chain_test {
namespace {

/// A device whose launches take a time by the number of operations, which is its second argument.
class ChainDevice : public test::FakeDevice {
public:
    std::function<double(std::int32_t)> takes;
    std::vector<std::int32_t> asked{};

    double nanoseconds(std::span<const Launch> launches) override {
        asked.push_back(std::get<std::int32_t>(launches.front().arguments.at(1)));
        return takes(asked.back());
    }
    void run(std::span<const Launch>) override {}
};

ClockCheck check(ChainDevice& device) {
    test::FakeKernel chain("chain", {}, 0);
    return check_clock_by_chain(device, chain);
}

/// Long enough for the host, whatever was asked.
void wait_30_ms() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(30);
    while (std::chrono::steady_clock::now() < end) {
    }
}

TEST(ClockByChain, TakesTheMedianOfEmptyChainsAndTheLeastStep) {
    ChainDevice device;
    // 7 ns an operation and 500 ns of an empty launch.
    device.takes = [](std::int32_t operations) {
        if (operations > 63) wait_30_ms();
        return 500.0 + 7.0 * operations;
    };
    const ClockCheck found = check(device);
    EXPECT_EQ(found.overhead_ns, 500);
    EXPECT_EQ(found.resolution_ns, 7);
    // Three of the first length were long enough; then 64 empty ones, a chain of each length from 0 to 63 between.
    ASSERT_EQ(device.asked.size(), 3u + 128u);
    EXPECT_EQ(device.asked[0], 1 << 14);
    EXPECT_EQ(found.device_ns, 500.0 + 7.0 * (1 << 14));
    EXPECT_GE(found.host_ns, 30e6);
    for (std::int32_t i = 0; i < 64; ++i) {
        EXPECT_EQ(device.asked[static_cast<std::size_t>(3 + 2 * i)], 0);
        EXPECT_EQ(device.asked[static_cast<std::size_t>(4 + 2 * i)], i);
    }
    ASSERT_TRUE(found.host_overhead_ns);
    EXPECT_GT(*found.host_overhead_ns, 0);
    EXPECT_LT(*found.host_overhead_ns, 1e6);
}

TEST(ClockByChain, AsksForMoreUntilTheHostSeesEnough) {
    ChainDevice device;
    device.takes = [](std::int32_t operations) {
        if (operations > 1 << 16) wait_30_ms();
        return 100.0;
    };
    check(device);
    // Sixteen times as many, at most, at a time: three of each length.
    ASSERT_GT(device.asked.size(), 6u);
    EXPECT_EQ(device.asked[2], 1 << 14);
    EXPECT_EQ(device.asked[3], 1 << 18);
    EXPECT_EQ(device.asked[6], 0);
}

TEST(ClockByChain, AClockThatAlwaysSaysTheSameHasThatStepOrItsOwn) {
    ChainDevice device;
    device.takes = [](std::int32_t operations) {
        if (operations > 63) wait_30_ms();
        return 1000.0;
    };
    device.description.timer_resolution_ns = 40;
    EXPECT_EQ(check(device).resolution_ns, 1000) << "a step longer than any of the times";
    device.description.timer_resolution_ns = 5000;
    EXPECT_EQ(check(device).resolution_ns, 5000);
}

TEST(ClockByChain, WhatRoundingMakesOfEqualTimesIsNoStep) {
    ChainDevice device;
    device.takes = [](std::int32_t operations) {
        if (operations > 63) wait_30_ms();
        return operations % 2 == 0 ? 1000.0 : operations == 1 ? 1000.0 + 1e-9 : 1032.0;
    };
    EXPECT_NEAR(check(device).resolution_ns, 32, 1e-6);
}

}  // namespace
}  // namespace stele::clock_chain_test
