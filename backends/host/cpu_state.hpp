// What the CPUs of this process are doing, as far as the system tells.
#pragma once

#include <filesystem>
#include <optional>

namespace stele {

/// Time since the machine started, summed over the CPUs that this process may run on.
struct CpuTimes {
    double total_ms = 0;
    double stolen_ms = 0;  ///< given to others by a hypervisor, while a task here wanted to run
};

/// Of /proc/stat, whose steps are ticks of 10 ms. `root` is where /proc and /sys are, here and below.
std::optional<CpuTimes> read_cpu_times(const std::filesystem::path& root = "/");

/// The stolen part alone, of this machine.
std::optional<double> read_stolen_ms();

/// Tasks that ran or wanted to run, mean of the last minute (/proc/loadavg).
std::optional<double> read_load(const std::filesystem::path& root = "/");

/// Mean MHz now of the CPUs that this process may run on: cpufreq's, else that of /proc/cpuinfo.
std::optional<double> read_cpu_mhz(const std::filesystem::path& root = "/");

}  // namespace stele
