#include "backends/host/limits.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>
#include <sstream>
#include <string_view>
#include <thread>

namespace stele {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kib = 1024;

/// The first whole number of a text; none in "max", or where there is no such file.
std::optional<std::size_t> number_in(std::string_view text) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} ? std::optional(value) : std::nullopt;
}

std::string first_line_of(const fs::path& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

/// Of a file of lines "key value" or "key: value unit".
std::optional<std::size_t> number_after(const fs::path& path, std::string_view key) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string first, second;
        words >> first >> second;
        if (first.ends_with(':')) first.pop_back();
        if (first == key) return number_in(second);
    }
    return std::nullopt;
}

/// A control group and those that it is in, each of which limits it: their folders, innermost first. `controller` is
/// version 1's; empty for version 2. Where a container does not see the groups outside, it sees its own as the root.
std::vector<fs::path> groups(const fs::path& root, std::string_view controller) {
    const fs::path mounts = root / "sys/fs/cgroup";
    std::vector<fs::path> folders;
    std::ifstream file(root / "proc/self/cgroup");
    for (std::string line; std::getline(file, line);) {
        const std::size_t first = line.find(':'), second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        const std::string controllers = ',' + line.substr(first + 1, second - first - 1) + ',';
        const bool is_it = controller.empty()
                               ? controllers == ",,"
                               : controllers.find(',' + std::string(controller) + ',') != std::string::npos;
        if (!is_it) continue;
        fs::path mount = mounts / controller;
        if (controller.empty() && fs::is_directory(mounts / "unified")) mount = mounts / "unified";
        for (fs::path inner = fs::path(line.substr(second + 1)).relative_path();; inner = inner.parent_path()) {
            folders.push_back(inner.empty() ? mount : mount / inner);
            if (inner.empty()) break;
        }
    }
    return folders;
}

/// How the two versions of control groups call the same things.
struct MemoryFiles {
    std::string_view controller, limit, usage, reclaimable;
};
constexpr MemoryFiles memory_files[] = {
    {"", "memory.max", "memory.current", "inactive_file"},
    {"memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}};

void take_lesser(MemoryLimit& least, std::size_t bytes, std::string_view set_by) {
    if (bytes < least.bytes) least = {bytes, std::string(set_by)};
}

std::size_t less(std::size_t limit, std::size_t used) { return limit - std::min(limit, used); }

std::optional<std::size_t> address_space() {
    rlimit limit{};
    const bool is_set = getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    return is_set ? std::optional<std::size_t>(limit.rlim_cur) : std::nullopt;
}

/// `left`: what is not used yet, else the whole.
MemoryLimit least_memory(const fs::path& root, bool left) {
    const fs::path meminfo = root / "proc/meminfo";
    const auto physical = number_after(meminfo, "MemTotal"), available = number_after(meminfo, "MemAvailable");
    MemoryLimit least{~std::size_t{0}, "nothing"};
    if (const auto kilobytes = left && available ? available : physical)
        least = {*kilobytes * kib, left ? "what the machine has free" : "the machine's memory"};
    for (const MemoryFiles& files : memory_files)
        for (const fs::path& group : groups(root, files.controller)) {
            const auto limit = number_in(first_line_of(group / files.limit));
            if (!limit) continue;
            std::size_t used = 0;
            if (left) {
                // Pages of files that were read count as used, and go when memory is wanted.
                used = less(number_in(first_line_of(group / files.usage)).value_or(0),
                            number_after(group / "memory.stat", files.reclaimable).value_or(0));
            }
            take_lesser(least, less(*limit, used), "the control group");
        }
    if (const auto bytes = left ? address_space_left() : address_space()) take_lesser(least, *bytes, "ulimit -v");
    return least;
}

}  // namespace

std::vector<int> allowed_cpus() {
    std::vector<int> out;
    // As many CPUs as the kernel knows; it refuses a set that is too small for it.
    for (int most = CPU_SETSIZE; most <= (1 << 20); most *= 2) {
        const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> set(CPU_ALLOC(static_cast<std::size_t>(most)),
                                                                   [](cpu_set_t* own) { CPU_FREE(own); });
        const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(most));
        CPU_ZERO_S(bytes, set.get());
        if (sched_getaffinity(0, bytes, set.get()) != 0) continue;
        for (int cpu = 0; cpu < most; ++cpu)
            if (CPU_ISSET_S(static_cast<std::size_t>(cpu), bytes, set.get())) out.push_back(cpu);
        return out;
    }
    for (unsigned cpu = 0; cpu < std::max(1u, std::thread::hardware_concurrency()); ++cpu)
        out.push_back(static_cast<int>(cpu));
    return out;
}

std::string cpu_list_text(const std::vector<int>& cpus) {
    std::string out;
    for (std::size_t begin = 0, end = 0; begin < cpus.size(); begin = end) {
        for (end = begin + 1; end < cpus.size() && cpus[end] == cpus[end - 1] + 1;) ++end;
        out += (out.empty() ? "" : ",") + std::to_string(cpus[begin]);
        if (end > begin + 1) out += '-' + std::to_string(cpus[end - 1]);
    }
    return out;
}

std::optional<double> cpu_quota(const fs::path& root) {
    std::optional<double> least;
    const auto take = [&](std::optional<std::size_t> quota, std::optional<std::size_t> period) {
        if (!quota || !period || *period == 0) return;
        const double cpus = static_cast<double>(*quota) / static_cast<double>(*period);
        least = std::min(cpus, least.value_or(cpus));
    };
    for (const fs::path& group : groups(root, "")) {
        const std::string line = first_line_of(group / "cpu.max");  // "150000 100000", "max 100000"
        if (const std::size_t space = line.find(' '); space != std::string::npos)
            take(number_in(line), number_in(std::string_view(line).substr(space + 1)));
    }
    // -1, no number here, is no quota.
    for (const fs::path& group : groups(root, "cpu"))
        take(number_in(first_line_of(group / "cpu.cfs_quota_us")),
             number_in(first_line_of(group / "cpu.cfs_period_us")));
    return least;
}

std::optional<std::size_t> address_space_left() {
    const auto limit = address_space();
    if (!limit) return std::nullopt;
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return less(*limit, number_in(first_line_of("/proc/self/statm")).value_or(0) * page);
}

MemoryLimit memory_limit(const fs::path& root) { return least_memory(root, false); }
MemoryLimit memory_left(const fs::path& root) { return least_memory(root, true); }

}  // namespace stele
