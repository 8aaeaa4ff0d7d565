#include "backends/host/cpu_state.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "backends/host/limits.hpp"

namespace stele {
namespace {

bool is_allowed(const std::vector<int>& allowed, int cpu) { return std::ranges::binary_search(allowed, cpu); }

/// Sum and number of what the allowed CPUs are told to have.
struct Mean {
    double sum = 0;
    int count = 0;

    void add(double value) {
        sum += value;
        ++count;
    }
    std::optional<double> value() const { return count == 0 ? std::nullopt : std::optional(sum / count); }
};

std::optional<double> mhz_of_cpuinfo(const std::filesystem::path& root, const std::vector<int>& allowed) {
    std::ifstream file(root / "proc/cpuinfo");
    Mean mean;
    int cpu = -1;
    for (std::string line; std::getline(file, line);) {
        const std::size_t colon = line.find(':');
        if (colon == std::string::npos) continue;
        std::istringstream value(line.substr(colon + 1));
        double mhz = 0;
        if (line.starts_with("processor"))
            value >> cpu;
        else if (line.starts_with("cpu MHz") && is_allowed(allowed, cpu) && value >> mhz)
            mean.add(mhz);
    }
    return mean.value();
}

}  // namespace

std::optional<CpuTimes> read_cpu_times(const std::filesystem::path& root) {
    const std::vector<int> allowed = allowed_cpus();
    const double tick_ms = 1000.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
    std::ifstream file(root / "proc/stat");
    std::optional<CpuTimes> times;
    for (std::string line; std::getline(file, line) && line.starts_with("cpu");) {
        std::istringstream words(line.substr(3));
        int cpu = 0;
        // The first line is the sum over all CPUs, and has no number.
        if (line.starts_with("cpu ") || !(words >> cpu) || !is_allowed(allowed, cpu)) continue;
        if (!times) times.emplace();
        // user nice system idle iowait irq softirq steal; a guest's time is in user.
        constexpr int steal = 7;
        double ticks = 0;
        for (int column = 0; column <= steal && words >> ticks; ++column) {
            times->total_ms += ticks * tick_ms;
            if (column == steal) times->stolen_ms += ticks * tick_ms;
        }
    }
    return times;
}

std::optional<double> read_stolen_ms() {
    const std::optional<CpuTimes> times = read_cpu_times();
    return times ? std::optional(times->stolen_ms) : std::nullopt;
}

std::optional<double> read_load(const std::filesystem::path& root) {
    std::ifstream file(root / "proc/loadavg");
    double load = 0;
    return file >> load ? std::optional(load) : std::nullopt;
}

std::optional<double> read_cpu_mhz(const std::filesystem::path& root) {
    const std::vector<int> allowed = allowed_cpus();
    Mean mean;
    for (const int cpu : allowed) {
        std::ifstream file(root / "sys/devices/system/cpu" / ("cpu" + std::to_string(cpu)) /
                           "cpufreq/scaling_cur_freq");
        double khz = 0;
        if (file >> khz) mean.add(khz / 1000);
    }
    return mean.count > 0 ? mean.value() : mhz_of_cpuinfo(root, allowed);
}

}  // namespace stele
