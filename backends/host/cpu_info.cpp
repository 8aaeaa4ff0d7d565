#include "backends/host/cpu_info.hpp"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

namespace stele {
namespace {

std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::vector<int> allowed_cpus() {
    std::vector<int> out;
    cpu_set_t set;
    CPU_ZERO(&set);
    // Fails on machines of more than 1024 threads; then all count as allowed.
    if (sched_getaffinity(0, sizeof(set), &set) == 0) {
        for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
            if (CPU_ISSET(cpu, &set)) out.push_back(cpu);
    } else {
        for (unsigned cpu = 0; cpu < std::max(1u, std::thread::hardware_concurrency()); ++cpu)
            out.push_back(static_cast<int>(cpu));
    }
    return out;
}

// "32768K" or "32M", as sysfs writes cache sizes.
std::size_t parse_size(const std::string& text) {
    std::istringstream in(text);
    std::size_t value = 0;
    char unit = 0;
    in >> value >> unit;
    return value << (unit == 'K' ? 10 : unit == 'M' ? 20 : unit == 'G' ? 30 : 0);
}

// Caches of the highest level, each counted once though several threads share it.
std::size_t last_level_cache(const std::vector<int>& cpus) {
    int highest = 0;
    std::set<std::string> counted;
    std::size_t total = 0;
    for (int cpu : cpus) {
        const std::string caches = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cache/index";
        for (int index = 0;; ++index) {
            const std::string cache = caches + std::to_string(index) + "/";
            const std::string level_text = first_line(cache + "level");
            if (level_text.empty()) break;
            const int level = static_cast<int>(parse_size(level_text));
            if (first_line(cache + "type") == "Instruction" || level < highest) continue;
            if (level > highest) {
                highest = level;
                counted.clear();
                total = 0;
            }
            if (counted.insert(first_line(cache + "shared_cpu_list")).second)
                total += parse_size(first_line(cache + "size"));
        }
    }
    return total;
}

std::size_t memory_limit() {
    std::size_t bytes =
        static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
        const std::size_t limit = parse_size(first_line(path));
        if (limit > 0) bytes = std::min(bytes, limit);
    }
    return bytes;
}

}  // namespace

CpuInfo read_cpu_info() {
    CpuInfo info;
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line) && !line.empty();) {
        const auto colon = line.find(':');
        if (colon == std::string::npos || colon + 2 > line.size()) continue;
        const std::string key = line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1);
        const std::string value = line.substr(colon + 2);
        if (key == "model name") info.name = value;
        if (key == "vendor_id" || key == "CPU implementer") info.vendor = value;
        if (key == "flags" || key == "Features") {
            std::istringstream words(value);
            for (std::string word; words >> word;) info.flags.push_back(word);
        }
    }
    utsname system{};
    if (uname(&system) == 0) {
        info.kernel = std::string(system.sysname) + " " + system.release;
        if (info.name.empty()) info.name = system.machine;
    }
    const std::vector<int> cpus = allowed_cpus();
    info.threads = static_cast<int>(cpus.size());
    info.cache_bytes = last_level_cache(cpus);
    info.memory_bytes = memory_limit();
    return info;
}

double read_cpu_mhz() {
    const std::vector<int> cpus = allowed_cpus();
    const std::string khz = first_line("/sys/devices/system/cpu/cpu" + std::to_string(cpus.empty() ? 0 : cpus.front()) +
                                       "/cpufreq/scaling_cur_freq");
    return static_cast<double>(parse_size(khz)) / 1000;
}

}  // namespace stele
