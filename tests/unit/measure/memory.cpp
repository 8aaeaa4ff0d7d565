// Whether there is memory for a checked run, asked before anything is made.
#include "harness/measure/memory.hpp"

#include <gtest/gtest.h>

#include "backends/host/limits.hpp"
#include "kernels/attention/problem.hpp"
#include "kernels/gemm/expected.hpp"
#include "kernels/gemm/problem.hpp"
#include "tests/support/twice.hpp"

namespace stele::memory_test {
namespace {

constexpr double kib = 1024;

TEST(HostBytes, CountInputsTwiceOutputsReferencesAndACpusOwn) {
    const test::TwiceProblem problem{16, 16};  // one input and one output of 1 KiB of f32
    ASSERT_EQ(problem.reference_bytes(), 8 * kib) << "four doubles an element";
    DeviceInfo device;
    // Inputs and references of two checks, the output, and the copy of the largest tensor to compare with.
    EXPECT_EQ(host_bytes(device, problem), 2 * (1 + 8) * kib + 1 * kib + 1 * kib);
    device.is_cpu = true;
    EXPECT_EQ(host_bytes(device, problem), 2 * (1 + 8) * kib + 1 * kib + 1 * kib + 2 * kib);
}

TEST(WhyTooLarge, NamesWhoLimits) {
    const test::TwiceProblem problem{16, 16};
    DeviceInfo device;
    device.id = "some:0";
    EXPECT_EQ(why_too_large(device, problem), "") << "a device that tells no limit has none";
    device.global_bytes = device.max_allocation_bytes = 2048;
    EXPECT_EQ(why_too_large(device, problem), "") << "just enough";
    device.global_bytes = 2047;
    EXPECT_NE(why_too_large(device, problem).find("and some:0 has"), std::string::npos);
    device.global_bytes = 2048;
    device.max_allocation_bytes = 1023;
    EXPECT_NE(why_too_large(device, problem).find("some:0 allocates at most"), std::string::npos);
}

TEST(WhyTooLarge, AsksTheHostToo) {
    const test::TwiceProblem problem{1 << 24, 1 << 20};  // 2^46 bytes a tensor
    EXPECT_NE(why_too_large({}, problem).find("are left ("), std::string::npos) << why_too_large({}, problem);
    EXPECT_EQ(why_too_large({}, problem, ~std::size_t{0}), "") << "what is kept would make room";
}

struct Unmade final : test::TwiceProblem {
    using TwiceProblem::TwiceProblem;
    std::string why_not_made() const override { return "no memory for its mask"; }
    std::vector<TensorSpec> tensors() const override { throw std::logic_error("it has none"); }
};

TEST(WhyTooLarge, OfAProblemThatWasNotMadeIsItsReason) {
    EXPECT_EQ(why_too_large({}, Unmade(1, 1)), "no memory for its mask");
}

TEST(ReferenceBytes, AreFewWhereItSamples) {
    gemm::Shape shape;
    shape.m = shape.n = shape.k = 1024;
    ASSERT_FALSE(gemm::is_sampled(shape));
    EXPECT_EQ(gemm::expected_bytes(shape), 48.0 * 1024 * 1024);
    shape.m = shape.n = shape.k = 8192;
    ASSERT_TRUE(gemm::is_sampled(shape));
    EXPECT_LT(gemm::expected_bytes(shape), 48.0 * 1024 * 1024);
    shape.scale = gemm::Scale::block;
    EXPECT_GE(gemm::expected_bytes(shape), 2 * 8.0 * 8192 * 8192) << "scaled operands are made in double";
}

}  // namespace
}  // namespace stele::memory_test
