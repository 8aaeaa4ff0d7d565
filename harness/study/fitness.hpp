// Is this machine fit to measure? What the system tells of itself, each a small question with an answer and advice.
// `root` is where /proc and /sys are.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backends/host/cpu_state.hpp"
#include "harness/catalog/device_set.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

enum class Fitness { fine, warn, bad };
constexpr auto name_list(Fitness) {
    return name_rows<Fitness>({{Fitness::fine, "fine"}, {Fitness::warn, "warn"}, {Fitness::bad, "bad"}});
}

struct FitnessCheck {
    std::string name;
    Fitness state = Fitness::fine;
    std::string seen;
    std::string advice{};  ///< what to change; empty where it is fine
};

/// Of the allowed CPUs: anything but "performance" changes clocks with the load.
FitnessCheck check_governor(const std::filesystem::path& root);
/// Turbo makes the clock depend on heat and on how many cores work.
FitnessCheck check_turbo(const std::filesystem::path& root);
/// Other work of the last minute, per allowed CPU.
FitnessCheck check_load(const std::filesystem::path& root);
/// The share of its time that the machine did not get between two readings.
FitnessCheck check_steal(const std::optional<CpuTimes>& before, const std::optional<CpuTimes>& after);
FitnessCheck check_virtualisation(const std::filesystem::path& root);
/// CPUs that the process is not allowed, and threads that share a core.
FitnessCheck check_threads(const std::filesystem::path& root);
FitnessCheck check_quota(const std::filesystem::path& root);
/// Zones near the temperature at which the system acts, and cores that were throttled since the machine started.
FitnessCheck check_heat(const std::filesystem::path& root);
/// Whether the size of the last cache is told, by which operands are rotated.
FitnessCheck check_caches(const std::filesystem::path& root);
FitnessCheck check_clock_source(const std::filesystem::path& root);
/// All of those that need one reading.
std::vector<FitnessCheck> check_system(const std::filesystem::path& root = "/");

/// The driver: what can be timed, and what cannot be found.
FitnessCheck check_devices(const FoundDevices& found);
/// A device's clock beside the host's.
FitnessCheck check_timer(const std::string& device, const ClockCheck& check);
/// Samples that were taken while a device was throttled, or the CPU was with others.
FitnessCheck check_samples(std::span<const Measurement> measurements);

/// The worst of them.
Fitness worst(std::span<const FitnessCheck> checks);

}  // namespace stele
