// What the system lets this process have: CPUs, a share of their time, memory. Effects, by whatever means they were
// set.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace stele {

/// Hardware threads that this process may run on, ascending (sched_getaffinity); at least one.
std::vector<int> allowed_cpus();
/// {0, 1, 2, 3, 8} is "0-3,8".
std::string cpu_list_text(const std::vector<int>& cpus);

/// CPUs' worth of time that the control groups allow, 1.5 for a quota of 150 ms in 100 ms; none where they set no
/// quota. Versions 1 and 2. `root` is where /proc and /sys are.
std::optional<double> cpu_quota(const std::filesystem::path& root = "/");

/// A number of bytes, and what sets it.
struct MemoryLimit {
    std::size_t bytes = 0;
    std::string set_by;  ///< "the control group", "ulimit -v"
};

/// What this process may have at most: the least of the machine's memory, its control groups' limits and RLIMIT_AS.
MemoryLimit memory_limit(const std::filesystem::path& root = "/");
/// What it can still get now, the same way: of the machine MemAvailable, of limits what is not used yet.
MemoryLimit memory_left(const std::filesystem::path& root = "/");

/// What RLIMIT_AS leaves of the address space now; none where there is no such limit.
std::optional<std::size_t> address_space_left();

}  // namespace stele
