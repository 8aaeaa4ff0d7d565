// What the system lets a process have: read from a root of our own, with control groups of both versions.
#include "backends/host/limits.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "backends/host/cpu_info.hpp"

namespace stele::limits_test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t mib = std::size_t{1} << 20;

class LimitsTest : public testing::Test {
protected:
    LimitsTest() : root(fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name()) {
        fs::remove_all(root);
        write("proc/meminfo", "MemTotal:       8388608 kB\nMemFree: 1 kB\nMemAvailable:   4194304 kB\n");
    }
    ~LimitsTest() override { fs::remove_all(root); }
    void write(const std::string& path, const std::string& text) {
        fs::create_directories((root / path).parent_path());
        std::ofstream(root / path) << text;
    }
    fs::path root;
};

TEST_F(LimitsTest, WithoutGroupsTheMachineIsTheLimit) {
    EXPECT_EQ(memory_limit(root).bytes, 8192 * mib);
    EXPECT_EQ(memory_left(root).bytes, 4096 * mib);
    EXPECT_EQ(memory_left(root).set_by, "what the machine has free");
    EXPECT_EQ(cpu_quota(root), std::nullopt);
}

TEST_F(LimitsTest, Version2AndTheGroupsAround) {
    write("proc/self/cgroup", "0::/outer/inner\n");
    write("sys/fs/cgroup/outer/inner/memory.max", "max\n");
    write("sys/fs/cgroup/outer/inner/cpu.max", "150000 100000\n");
    write("sys/fs/cgroup/outer/memory.max", std::to_string(2048 * mib));
    write("sys/fs/cgroup/outer/memory.current", std::to_string(1024 * mib));
    write("sys/fs/cgroup/outer/memory.stat", "anon 1\ninactive_file " + std::to_string(512 * mib) + "\n");
    write("sys/fs/cgroup/outer/cpu.max", "max 100000\n");
    EXPECT_EQ(memory_limit(root).bytes, 2048 * mib);
    EXPECT_EQ(memory_limit(root).set_by, "the control group");
    EXPECT_EQ(memory_left(root).bytes, 1536 * mib) << "what files take can be taken back";
    EXPECT_EQ(cpu_quota(root), 1.5);
    write("sys/fs/cgroup/outer/cpu.max", "50000 100000\n");
    EXPECT_EQ(cpu_quota(root), 0.5) << "the least of all";
    write("sys/fs/cgroup/outer/cpu.max", "50000 0\n");
    write("sys/fs/cgroup/outer/inner/cpu.max", "150000 0\n");
    EXPECT_EQ(cpu_quota(root), std::nullopt) << "no part of nothing";
    write("sys/fs/cgroup/outer/memory.current", std::to_string(4096 * mib));
    EXPECT_EQ(memory_left(root).bytes, 0u) << "a limit that was lowered below what is used";
}

TEST_F(LimitsTest, Version1WithTheContainersOwnGroupAsTheRoot) {
    write("proc/self/cgroup", "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", std::to_string(1024 * mib));
    write("sys/fs/cgroup/memory/memory.usage_in_bytes", std::to_string(256 * mib));
    write("sys/fs/cgroup/memory/memory.stat", "inactive_file 7\ntotal_inactive_file " + std::to_string(56 * mib));
    write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000\n");
    write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(memory_limit(root).bytes, 1024 * mib);
    EXPECT_EQ(memory_left(root).bytes, (1024 - 200) * mib);
    EXPECT_EQ(cpu_quota(root), 2.0);
    write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    EXPECT_EQ(cpu_quota(root), std::nullopt);
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    EXPECT_EQ(memory_limit(root).bytes, 8192 * mib) << "version 1 writes no limit as one beyond all memory";
}

TEST_F(LimitsTest, TheHybridOfBothVersions) {
    write("proc/self/cgroup", "4:memory:/group\n0::/group\n");
    write("sys/fs/cgroup/memory/group/memory.limit_in_bytes", std::to_string(1024 * mib));
    write("sys/fs/cgroup/unified/group/memory.max", std::to_string(512 * mib));
    EXPECT_EQ(memory_limit(root).bytes, 512 * mib);
}

// In a process of its own: a limit cannot be raised again.
TEST(LimitsDeathTest, AddressSpaceIsALimitToo) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto look = [] {
        constexpr std::size_t bytes = std::size_t{1} << 46;  // more than a sanitizer maps
        const rlimit limit{bytes, bytes};
        if (setrlimit(RLIMIT_AS, &limit) != 0) std::exit(1);
        const fs::path nowhere = "/nonexistent";  // neither a machine's memory nor groups
        const bool right = memory_limit(nowhere).bytes == limit.rlim_cur &&
                           memory_left(nowhere).bytes < limit.rlim_cur && memory_left(nowhere).bytes > 0 &&
                           memory_left(nowhere).set_by == "ulimit -v";
        std::exit(right ? 0 : 2);
    };
    EXPECT_EXIT(look(), testing::ExitedWithCode(0), "");
}

TEST(Cpus, AreListedAsTheKernelDoes) {
    EXPECT_EQ(cpu_list_text({}), "");
    EXPECT_EQ(cpu_list_text({5}), "5");
    EXPECT_EQ(cpu_list_text({0, 1}), "0-1");
    EXPECT_EQ(cpu_list_text({0, 1, 2, 3, 8, 10, 11}), "0-3,8,10-11");
    std::ifstream status("/proc/self/status");
    std::string line, told;
    while (std::getline(status, line))
        if (line.starts_with("Cpus_allowed_list:")) told = line.substr(line.find_last_of(" \t") + 1);
    EXPECT_EQ(cpu_list_text(allowed_cpus()), told);
}

CpuInfo parsed(const std::string& text) {
    std::istringstream in(text);
    return parse_cpu_info(in);
}

TEST(CpuIdentity, TellsGenerationsOfOneNameApart) {
    const auto epyc = [](const std::string& model) {
        const std::string core = "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: " + model +
                                 "\nmodel name\t: AMD EPYC\nstepping\t: 1\nmicrocode\t: 0x1000065\nflags\t\t: fma "
                                 "avx2\npower management:\n\n";
        return parsed(core + core);
    };
    EXPECT_EQ(epyc("17").identity, "AuthenticAMD family 25 model 17 stepping 1");
    EXPECT_NE(epyc("17").identity, epyc("1").identity);
    EXPECT_EQ(epyc("17").name, "AMD EPYC");
    EXPECT_EQ(epyc("17").vendor, "AuthenticAMD");
    EXPECT_EQ(epyc("17").flags, (std::vector<std::string>{"fma", "avx2"}));
}

TEST(CpuIdentity, OfArmAllKindsOfCores) {
    const auto core = [](const std::string& part) {
        return "processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: "
               "0x1\n"
               "CPU part\t: " +
               part + "\nCPU revision\t: 0\n\n";
    };
    EXPECT_EQ(parsed(core("0xd0c") + core("0xd0c")).identity, "implementer 0x41 part 0xd0c");
    EXPECT_EQ(parsed(core("0xd05") + core("0xd0b") + core("0xd05")).identity,
              "implementer 0x41 part 0xd05, implementer 0x41 part 0xd0b");
    EXPECT_EQ(parsed("").identity, "");
}

}  // namespace
}  // namespace stele::limits_test
