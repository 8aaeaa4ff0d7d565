#include "backends/host/cpu_info.hpp"

#include <sys/utsname.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "backends/host/limits.hpp"

namespace stele {
namespace {

std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
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

}  // namespace

CpuInfo parse_cpu_info(std::istream& text) {
    CpuInfo info;
    std::set<std::string> identities;  // cores of one chip may be of several kinds
    std::map<std::string, std::string> core;
    const auto end_core = [&] {
        if (core.contains("cpu family"))
            identities.insert(core["vendor_id"] + " family " + core["cpu family"] + " model " + core["model"] +
                              " stepping " + core["stepping"]);
        else if (core.contains("CPU implementer"))
            identities.insert("implementer " + core["CPU implementer"] + " part " + core["CPU part"]);
        core.clear();
    };
    for (std::string line; std::getline(text, line);) {
        const auto colon = line.find(':');
        if (line.empty()) end_core();
        if (colon == std::string::npos || colon + 2 > line.size()) continue;
        const std::string key = line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1);
        const std::string value = line.substr(colon + 2);
        core[key] = value;
        if (key == "model name" && info.name.empty()) info.name = value;
        if ((key == "vendor_id" || key == "CPU implementer") && info.vendor.empty()) info.vendor = value;
        if ((key == "flags" || key == "Features") && info.flags.empty()) {
            std::istringstream words(value);
            for (std::string word; words >> word;) info.flags.push_back(word);
        }
    }
    end_core();
    for (const std::string& identity : identities) info.identity += (info.identity.empty() ? "" : ", ") + identity;
    return info;
}

CpuInfo read_cpu_info() {
    std::ifstream file("/proc/cpuinfo");
    CpuInfo info = parse_cpu_info(file);
    utsname system{};
    if (uname(&system) == 0) {
        info.kernel = std::string(system.sysname) + " " + system.release;
        if (info.name.empty()) info.name = system.machine;
    }
    const std::vector<int> cpus = allowed_cpus();
    info.threads = static_cast<int>(cpus.size());
    info.cache_bytes = last_level_cache(cpus);
    info.memory_bytes = memory_limit().bytes;
    return info;
}

double read_cpu_mhz() {
    const std::vector<int> cpus = allowed_cpus();
    const std::string khz = first_line("/sys/devices/system/cpu/cpu" + std::to_string(cpus.empty() ? 0 : cpus.front()) +
                                       "/cpufreq/scaling_cur_freq");
    return static_cast<double>(parse_size(khz)) / 1000;
}

}  // namespace stele
