// Is this machine fit to measure? Each check on a /sys and /proc of our own.
#include "harness/study/fitness.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "backends/host/limits.hpp"
#include "tests/support/sample_report.hpp"

namespace stele::fitness_test {
namespace {

namespace fs = std::filesystem;

class FitnessTest : public testing::Test {
protected:
    FitnessTest() : root(fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name()) {
        fs::remove_all(root);
        fs::create_directories(root);
    }
    ~FitnessTest() override { fs::remove_all(root); }
    void write(const std::string& path, const std::string& text) {
        fs::create_directories((root / path).parent_path());
        std::ofstream(root / path) << text << '\n';
    }
    /// A file of each CPU that this process may use.
    void write_cpus(const std::string& path, const std::string& text) {
        for (const int cpu : allowed_cpus())
            write("sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/" + path, text);
    }
    static void expect(const FitnessCheck& check, Fitness state, const std::string& seen) {
        EXPECT_EQ(check.state, state) << check.name;
        EXPECT_NE(check.seen.find(seen), std::string::npos) << check.seen;
        EXPECT_EQ(check.advice.empty(), state == Fitness::fine) << check.name << ": " << check.advice;
        EXPECT_FALSE(check.name.empty());
    }
    fs::path root;
};

TEST_F(FitnessTest, WhatTheSystemDoesNotTellIsNoWarningButForCaches) {
    for (const FitnessCheck& check : check_system(root))
        EXPECT_EQ(check.state, check.name == "caches" ? Fitness::warn : Fitness::fine) << check.name;
}

TEST_F(FitnessTest, Governor) {
    write_cpus("cpufreq/scaling_governor", "performance");
    expect(check_governor(root), Fitness::fine, "performance");
    write("sys/devices/system/cpu/cpu" + std::to_string(allowed_cpus().back()) + "/cpufreq/scaling_governor",
          "powersave");
    expect(check_governor(root), Fitness::warn, "powersave");
}

TEST_F(FitnessTest, TurboByEitherDriver) {
    write("sys/devices/system/cpu/intel_pstate/no_turbo", "1");
    expect(check_turbo(root), Fitness::fine, "off");
    write("sys/devices/system/cpu/intel_pstate/no_turbo", "0");
    expect(check_turbo(root), Fitness::warn, "on");
    EXPECT_NE(check_turbo(root).advice.find("no_turbo"), std::string::npos);
    fs::remove_all(root / "sys");
    write("sys/devices/system/cpu/cpufreq/boost", "0");
    expect(check_turbo(root), Fitness::fine, "off");
    write("sys/devices/system/cpu/cpufreq/boost", "1");
    expect(check_turbo(root), Fitness::warn, "on");
    EXPECT_NE(check_turbo(root).advice.find("boost"), std::string::npos);
}

TEST_F(FitnessTest, LoadForEachCpu) {
    const auto cpus = static_cast<double>(allowed_cpus().size());
    const auto load = [&](double each) { write("proc/loadavg", std::to_string(each * cpus) + " 0 0 1/2 3"); };
    load(0.05);
    expect(check_load(root), Fitness::fine, "tasks");
    load(0.5);
    expect(check_load(root), Fitness::warn, "tasks");
    load(1.5);
    expect(check_load(root), Fitness::bad, "tasks");
}

TEST_F(FitnessTest, StealIsOfTheTimeBetweenTwoReadings) {
    const CpuTimes before{1e6, 5e5};
    expect(check_steal(before, CpuTimes{1.1e6, 5e5}), Fitness::fine, "0 ");
    expect(check_steal(before, CpuTimes{1.1e6, 5.005e5}), Fitness::warn, "0.500 %");
    expect(check_steal(before, CpuTimes{1.1e6, 5.05e5}), Fitness::bad, "5.00 %");
    expect(check_steal(before, before), Fitness::fine, "does not tell");
    expect(check_steal({}, before), Fitness::fine, "does not tell");
}

TEST_F(FitnessTest, Virtualisation) {
    write("proc/cpuinfo", "processor : 0\nflags : fpu sse\n");
    write("sys/class/dmi/id/product_name", "A server");
    expect(check_virtualisation(root), Fitness::fine, "none");
    write("proc/cpuinfo", "processor : 0\nflags : fpu hypervisor sse\n");
    expect(check_virtualisation(root), Fitness::warn, "a virtual machine (A server)");
    write(".dockerenv", "");
    expect(check_virtualisation(root), Fitness::warn, "a virtual machine (A server), in a container");
}

TEST_F(FitnessTest, ThreadsThatShareACore) {
    expect(check_threads(root), Fitness::fine, cpu_list_text(allowed_cpus()));
    write("sys/devices/system/cpu/smt/active", "0");
    expect(check_threads(root), Fitness::fine, "allowed");
    write("sys/devices/system/cpu/smt/active", "1");
    expect(check_threads(root), Fitness::warn, "on a core");
    for (int cpu = 0; cpu < 4096; cpu += 4095)
        fs::create_directories(root / "sys/devices/system/cpu" / ("cpu" + std::to_string(cpu)));
    fs::create_directories(root / "sys/devices/system/cpu/cpufreq");
    if (allowed_cpus().size() == 1) expect(check_threads(root), Fitness::warn, "of 2");
}

TEST_F(FitnessTest, AQuotaBelowTheCpusIsBad) {
    const auto cpus = static_cast<int>(allowed_cpus().size());
    write("proc/self/cgroup", "0::/own");
    write("sys/fs/cgroup/own/cpu.max", "max 100000");
    expect(check_quota(root), Fitness::fine, "none");
    write("sys/fs/cgroup/own/cpu.max", std::to_string(cpus * 100000) + " 100000");
    expect(check_quota(root), Fitness::fine, "CPUs of time");
    write("sys/fs/cgroup/own/cpu.max", std::to_string(cpus * 100000 - 50000) + " 100000");
    expect(check_quota(root), Fitness::bad, "CPUs of time");
}

TEST_F(FitnessTest, HeatNearATripPointOrThrottledBefore) {
    write("sys/class/thermal/thermal_zone0/temp", "60000");
    write("sys/class/thermal/thermal_zone0/trip_point_0_temp", "95000");
    write("sys/class/thermal/thermal_zone0/trip_point_1_temp", "0");
    expect(check_heat(root), Fitness::fine, "60 °C");
    write("sys/class/thermal/thermal_zone0/temp", "92000");
    expect(check_heat(root), Fitness::bad, "92 °C");
    fs::remove_all(root / "sys");
    write_cpus("thermal_throttle/core_throttle_count", "0");
    expect(check_heat(root), Fitness::fine, "");
    write_cpus("thermal_throttle/core_throttle_count", "3");
    expect(check_heat(root), Fitness::warn, "times throttled");
}

TEST_F(FitnessTest, TheLastCache) {
    write_cpus("cache/index0/level", "1");
    write_cpus("cache/index0/size", "32K");
    write_cpus("cache/index3/level", "3");
    write_cpus("cache/index3/size", "32768K");
    write_cpus("cache/index3/shared_cpu_list", "0-7");
    expect(check_caches(root), Fitness::fine, "L3 of 32768K, shared by CPUs 0-7");
}

TEST_F(FitnessTest, ClockSource) {
    const std::string path = "sys/devices/system/clocksource/clocksource0/current_clocksource";
    write(path, "tsc");
    expect(check_clock_source(root), Fitness::fine, "tsc");
    write(path, "hpet");
    expect(check_clock_source(root), Fitness::warn, "hpet");
}

TEST_F(FitnessTest, Drivers) {
    FoundDevices found{test::sample_devices(), {{"simt", "not in this build"}}};
    expect(check_devices(found), Fitness::fine, "opencl:0 (3.1)");
    expect(check_devices(found), Fitness::fine, "simt: not in this build");
    for (DeviceInfo& device : found.infos) device.for_results_only = true;
    expect(check_devices(found), Fitness::bad, "no device can be timed");
}

TEST_F(FitnessTest, TimersByTheirBiasAndStep) {
    expect(check_timer("x:0", {1000e3, 1000e3, 1, 0, 0}), Fitness::fine, "+0.00 %");
    expect(check_timer("x:0", {1020e3, 1000e3, 1, 0, 0}), Fitness::warn, "+2.00 %");
    expect(check_timer("x:0", {500e3, 1000e3, 1, 0, 0}), Fitness::bad, "-50.00 %");
    expect(check_timer("x:0", {1000e3, 1000e3, 2000, 0, 0}), Fitness::warn, "2.00 µs");
    expect(check_timer("x:0", {10, 10, 1, 10, 10}), Fitness::bad, "step");
}

TEST_F(FitnessTest, DisturbedSamplesAreCountedOverAllCells) {
    Measurement calm = test::passed_cell("gemm/naive.opencl", Language::opencl, "m=1 n=1 k=1 f32", "opencl:0", {1, 2});
    expect(check_samples(std::vector{calm, calm}), Fitness::fine, "4 samples: 0 throttled");
    Measurement robbed = calm, hot = calm;
    robbed.timing->stolen_ms = {0, 10};
    hot.timing->clock.resize(2);
    hot.timing->clock[0].throttle_reasons = {"software power cap"};
    expect(check_samples(std::vector{calm, robbed}), Fitness::warn, "1 with CPU time stolen");
    expect(check_samples(std::vector{hot, robbed}), Fitness::warn, "1 throttled (software power cap)");
}

TEST_F(FitnessTest, TheWorstOfAll) {
    EXPECT_EQ(worst({}), Fitness::fine);
    const std::vector<FitnessCheck> checks{{"a", Fitness::warn, ""}, {"b", Fitness::bad, ""}, {"c", Fitness::fine, ""}};
    EXPECT_EQ(worst(checks), Fitness::bad);
}

}  // namespace
}  // namespace stele::fitness_test
