// Persistent GEMM kernels whose blocks compute several tiles each. The executor claims as many multiprocessors as an
// H200 has, so that on it a small problem gives no block a second tile; here the device says that it has few.
#include <gtest/gtest.h>

#include "harness/catalog/registry.hpp"
#include "harness/measure/runner.hpp"
#include "tests/support/first_device.hpp"
#include "tests/support/run_on.hpp"

namespace stele::gemm_persistence_test {
namespace {

/// A device that says it has fewer multiprocessors than it has.
class FewUnits final : public Device {
public:
    FewUnits(Device& device, int units) : device_(&device), info_(device.info()) { info_.compute_units = units; }

    const DeviceInfo& info() const override { return info_; }
    std::unique_ptr<Buffer> allocate(std::size_t bytes) override { return device_->allocate(bytes); }
    void upload(Buffer& to, std::ptrdiff_t offset, std::span<const std::byte> data) override {
        device_->upload(to, offset, data);
    }
    void download(const Buffer& from, std::ptrdiff_t offset, std::span<std::byte> data) override {
        device_->download(from, offset, data);
    }
    std::unique_ptr<Kernel> load(const KernelSource& source) override { return device_->load(source); }
    void run(std::span<const Launch> launches) override { device_->run(launches); }
    double nanoseconds(std::span<const Launch> launches) override { return device_->nanoseconds(launches); }
    ClockCheck check_clock() override { return device_->check_clock(); }
    void evict_cache() override { device_->evict_cache(); }

private:
    Device* device_;
    DeviceInfo info_;
};

TEST(GemmPersistence, ABlockComputesSeveralTiles) {
    test::FirstDevice simt = test::first_device("simt");
    if (!simt.device) GTEST_SKIP() << "simt: " << simt.why_not;
    const Registry registry;
    const Operation& operation = registry.operation("gemm");
    const std::vector<const Variant*> variants = registry.select("gemm/hopper*.ptx@*");
    std::size_t ran = 0;
    for (int units : {3, 4})
        for (const char* text :
             {"m=520 n=1100 k=200 bf16 b=nk", "groups=130,0,3,300 n=520 k=136 f16 b=nk",
              "m=200 n=300 k=72 bf16 batch=3",
              // Two tiles in the last wave of three blocks, of which the second ends one and begins the other.
              "m=520 n=1000 k=328 bf16 b=nk", "m=300 n=520 k=272 e4m3 b=nk scale=block"}) {
            const auto problem = operation.parse(text);
            for (const Variant* variant : variants) {
                FewUnits few(*simt.device, units);
                if (!variant->supports(few.info(), *problem)) continue;
                const GivenRun run = test::run_given_on({variant, problem.get(), &few},
                                                        problem->inputs(5, Fill::normal), SamplerOptions{});
                EXPECT_EQ(run.measurement.verdict.outcome, Outcome::passed)
                    << variant->id() << " on " << text << " with " << units << ": " << run.measurement.verdict.reason;
                ++ran;
            }
        }
    EXPECT_GT(ran, 20u);
}

}  // namespace
}  // namespace stele::gemm_persistence_test
