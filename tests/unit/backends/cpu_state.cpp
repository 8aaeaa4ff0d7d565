// What the CPUs are doing, read from a root of our own.
#include "backends/host/cpu_state.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "backends/backend.hpp"
#include "backends/host/limits.hpp"

namespace stele::cpu_state_test {
namespace {

namespace fs = std::filesystem;

class CpuStateTest : public testing::Test {
protected:
    CpuStateTest()
        : root(fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name()),
          cpu(std::to_string(allowed_cpus().front())) {
        fs::remove_all(root);
        fs::create_directories(root);
    }
    ~CpuStateTest() override { fs::remove_all(root); }
    void write(const std::string& path, const std::string& text) {
        fs::create_directories((root / path).parent_path());
        std::ofstream(root / path) << text;
    }
    fs::path root;
    std::string cpu;  ///< one that is allowed
};

TEST_F(CpuStateTest, NothingIsToldWhereThereIsNothing) {
    EXPECT_FALSE(read_cpu_times(root));
    EXPECT_FALSE(read_load(root));
    EXPECT_FALSE(read_cpu_mhz(root));
}

TEST_F(CpuStateTest, TimesAreThoseOfTheAllowedCpusAlone) {
    write("proc/stat", "cpu  1 2 3 4 5 6 7 8000 9 10\ncpu" + cpu +
                           " 1 2 3 4 5 6 7 8 9 10\ncpu9999 0 0 0 0 0 0 0 500\n" + "intr 1\n");
    const double tick_ms = 1000.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
    const auto times = read_cpu_times(root);
    ASSERT_TRUE(times);
    EXPECT_DOUBLE_EQ(times->stolen_ms, 8 * tick_ms);
    EXPECT_DOUBLE_EQ(times->total_ms, 36 * tick_ms) << "what a guest had is in user's";
}

TEST_F(CpuStateTest, TheLoadOfTheLastMinute) {
    write("proc/loadavg", "1.25 0.50 0.10 3/512 999\n");
    EXPECT_EQ(read_load(root), 1.25);
}

TEST_F(CpuStateTest, FrequencyFromCpufreqElseFromCpuinfo) {
    write("proc/cpuinfo", "processor\t: " + cpu + "\ncpu MHz\t\t: 2500.5\n\nprocessor\t: 9999\ncpu MHz\t\t: 1.0\n");
    EXPECT_EQ(read_cpu_mhz(root), 2500.5);
    write("sys/devices/system/cpu/cpu" + cpu + "/cpufreq/scaling_cur_freq", "3100000\n");
    EXPECT_EQ(read_cpu_mhz(root), 3100);
}

TEST(ClockBias, IsOfTheChainWithoutWhatALaunchTakes) {
    EXPECT_NEAR(*(ClockCheck{1010e3, 1020e3, 1, 10e3, 20e3}.bias()), 0, 1e-12);
    EXPECT_NEAR(*(ClockCheck{1020e3, 1020e3, 1, 10e3, 20e3}.bias()), 0.01, 1e-12);
    EXPECT_FALSE((ClockCheck{10, 1000, 1, 10, 20}.bias()));
    EXPECT_FALSE((ClockCheck{1000, 20, 1, 10, 20}.bias()));
}

}  // namespace
}  // namespace stele::cpu_state_test
