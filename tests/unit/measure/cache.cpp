// Cold and warm differ where they must: on a device whose cache is simulated, so that misses are counted and no time is
// taken.
#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <memory>
#include <vector>

#include "harness/measure/loaded_plan.hpp"
#include "harness/measure/operands.hpp"
#include "tests/support/fake_device.hpp"
#include "tests/support/run_on.hpp"
#include "tests/support/twice.hpp"

namespace stele::cache_test {
namespace {

/// A cache that holds whole buffers and forgets the one that was used longest ago. A launch takes a nanosecond for each
/// byte that is not in it, and one more; an eviction leaves nothing in it.
class CachedDevice : public test::FakeDevice {
public:
    double nanoseconds(std::span<const Launch> launches) override {
        double sum = 0;
        for (const Launch& launch : launches) sum += 1 + use(launch);
        test::FakeDevice::nanoseconds(launches);
        return sum;
    }
    void run(std::span<const Launch> launches) override {
        for (const Launch& launch : launches) use(launch);
        test::FakeDevice::run(launches);
    }
    void evict_cache() override {
        test::FakeDevice::evict_cache();
        held_.clear();
    }

private:
    /// Bytes that were missing.
    double use(const Launch& launch) {
        double missing = 0;
        for (const Argument& argument : launch.arguments)
            if (const auto* buffer = std::get_if<Buffer*>(&argument); buffer && *buffer) {
                if (const auto found = std::ranges::find(held_, *buffer); found != held_.end())
                    held_.erase(found);
                else
                    missing += static_cast<double>((*buffer)->bytes());
                held_.push_back(*buffer);
                forget();
            }
        return missing;
    }
    void forget() {
        std::size_t bytes = 0;
        for (const Buffer* buffer : held_) bytes += buffer->bytes();
        for (; bytes > description.cache_bytes; held_.pop_front()) bytes -= held_.front()->bytes();
    }

    std::list<const Buffer*> held_;  ///< the last used at the end
};

class Cache : public testing::Test {
protected:
    Cache() {
        device.description.timer_resolution_ns = 1e-3;
        options.most_samples = 9;
        options.cell_seconds = 100;
    }
    Timing bench(CacheMode mode) {
        options.cache = mode;
        const Measurement cell = test::bench_on({{&variant, &problem, &device}}, options).at(0);
        EXPECT_TRUE(cell.timing) << cell.verdict.reason;
        return cell.timing.value_or(Timing{});
    }
    static void expect_all(const Timing& timing, double ns) {
        for (const double sample : timing.samples_ns) EXPECT_EQ(sample, ns);
        EXPECT_GE(timing.samples_ns.size(), 5u);
    }

    CachedDevice device;
    test::TwiceProblem problem{64, 256};  // 128 KiB, an eighth of the cache
    Variant variant = test::twice_variant("kernel");
    SamplerOptions options;
    const double all = problem.bytes();
};

TEST_F(Cache, WarmFindsAllOfItsOperandsAndColdNone) {
    expect_all(bench(CacheMode::warm), 1);
    const Timing cold = bench(CacheMode::cold);
    expect_all(cold, 1 + all);
    EXPECT_FALSE(cold.evicted);
    EXPECT_GE(cold.footprint_bytes * cold.rotations, 2.0 * device.description.cache_bytes) << "the report's proof";
}

TEST_F(Cache, EvictionMakesItColdAndIsInNoSample) {
    device.memory_limit = static_cast<std::size_t>(3 * all);
    const Timing cold = bench(CacheMode::cold);
    EXPECT_TRUE(cold.evicted);
    expect_all(cold, 1 + all);
    EXPECT_EQ(static_cast<std::size_t>(device.evictions), cold.samples_ns.size());
}

TEST_F(Cache, FewerRotationsThanTheReportAsksForWouldShow) {
    // Half of what the cache holds: the second turn finds what the first left.
    device.description.cache_bytes = static_cast<std::size_t>(4 * all);
    options.cache = CacheMode::cold;
    const auto in_turn = [&](std::size_t sets) {
        std::vector<std::unique_ptr<TensorSet>> own;
        for (std::size_t i = 0; i < sets; ++i) own.push_back(std::make_unique<TensorSet>(device, problem));
        const LoadedPlan plan(device, variant, problem);
        double last = 0;
        for (int turn = 0; turn < 2; ++turn)
            for (auto& set : own) last = device.nanoseconds(plan.launches(*set, {}));
        return last;
    };
    EXPECT_EQ(in_turn(2), 1);
    EXPECT_EQ(in_turn(8), 1 + all);
}

}  // namespace
}  // namespace stele::cache_test
