#include <gtest/gtest.h>

#include "harness/measure/roofline.hpp"
#include "tests/support/twice.hpp"

namespace stele::roofline_test {
namespace {

DeviceInfo gpu(std::string name, int compute_capability, int units) {
    DeviceInfo out;
    out.name = std::move(name);
    out.compute_capability = compute_capability;
    out.compute_units = units;
    out.cache_bytes = 1 << 20;
    return out;
}

DeviceInfo cpu(int units) {
    DeviceInfo out;
    out.is_cpu = true;
    out.compute_units = units;
    out.cache_bytes = 1 << 20;
    return out;
}

TEST(Peaks, AnH200IsNotBelowItsDataSheet) {
    const Peaks half = peaks(gpu("NVIDIA H200", 90, 132), Dtype::bf16);
    EXPECT_GE(half.flops_per_second, 989e12);
    EXPECT_LT(half.flops_per_second, 1.15 * 989e12) << "the highest clock is 8 % above the data sheet's";
    EXPECT_DOUBLE_EQ(half.bytes_per_second, 4.8e12);
    EXPECT_NE(half.source.find("data sheet"), std::string::npos);
    EXPECT_GE(peaks(gpu("NVIDIA H200", 90, 132), Dtype::f32).flops_per_second, 67e12);
}

TEST(Peaks, NamesThatContainEachOther) {
    EXPECT_DOUBLE_EQ(peaks(gpu("NVIDIA GH200 144G HBM3e", 90, 132), Dtype::f32).bytes_per_second, 4.9e12);
    EXPECT_DOUBLE_EQ(peaks(gpu("NVIDIA H100 NVL", 90, 132), Dtype::f32).bytes_per_second, 3.9e12);
    EXPECT_DOUBLE_EQ(peaks(gpu("NVIDIA H20", 90, 78), Dtype::f32).bytes_per_second, 0) << "not an H200";
}

TEST(Peaks, UnknownDevicesHaveNone) {
    const Peaks unknown = peaks(gpu("Novel 9000", 0, 64), Dtype::f32);
    EXPECT_EQ(unknown.flops_per_second, 0);
    EXPECT_EQ(unknown.bytes_per_second, 0);
    EXPECT_NE(unknown.source.find("Novel 9000"), std::string::npos);
    EXPECT_EQ(peaks(cpu(4), Dtype::f32, {false, false, false}).flops_per_second, 0) << "a CPU of unknown instructions";
    EXPECT_EQ(peaks(cpu(4), Dtype::i32, {true, true, false}).flops_per_second, 0);
}

TEST(Peaks, ACpuByItsInstructions) {
    const double avx2 = peaks(cpu(2), Dtype::f32, {true, false, false}).flops_per_second;
    const double avx512 = peaks(cpu(2), Dtype::f32, {true, true, false}).flops_per_second;
    EXPECT_DOUBLE_EQ(avx2, 2.0 * 2 * 2 * 8 * 6.5e9);
    EXPECT_DOUBLE_EQ(avx512, 2 * avx2);
    EXPECT_GT(peaks(cpu(2), Dtype::bf16, {true, true, true}).flops_per_second, avx512);
    EXPECT_DOUBLE_EQ(peaks(cpu(4), Dtype::f32, {true, true, false}).flops_per_second, 2 * avx512);
}

TEST(Floor, TheSlowerOfComputeAndTraffic) {
    const test::TwiceProblem problem(1024, 1024);  // 1 Mflop, 8 MiB
    const DeviceInfo device = gpu("x", 90, 1);
    const Floor compute = floor_of(problem, device, {1e9, 1e12, "test"});
    EXPECT_DOUBLE_EQ(compute.ns, 1024.0 * 1024);
    EXPECT_NE(compute.reason.find("GFLOP"), std::string::npos) << compute.reason;
    const Floor traffic = floor_of(problem, device, {1e15, 1e9, "test"});
    EXPECT_DOUBLE_EQ(traffic.ns, 7.0 * (1 << 20)) << "1 MiB may stay in the cache";
    EXPECT_NE(traffic.reason.find("GB beyond the cache"), std::string::npos) << traffic.reason;
}

TEST(Floor, NoneWhereNothingIsKnown) {
    const test::TwiceProblem problem(16, 16);
    EXPECT_EQ(floor_of(problem, gpu("x", 0, 0), {0, 0, "no peak is known for x"}).ns, 0);
    EXPECT_EQ(floor_of(problem, gpu("x", 0, 0), {0, 0, "no peak is known for x"}).reason,
              "no floor: no peak is known for x");
    EXPECT_EQ(floor_of(problem, gpu("x", 0, 0), {0, 1e12, "test"}).ns, 0) << "all of it fits the cache";
}

}  // namespace
}  // namespace stele::roofline_test
