#include "backends/cuda/nvml.hpp"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "backends/library.hpp"

namespace stele::cudart {
namespace {

// The part of nvml.h that is used here (NVML API reference, versions 11 to 13).
constexpr int success = 0;
constexpr unsigned sm_clock = 1, memory_clock = 2;
constexpr unsigned gpu_sensor = 0;
using Init = int (*)();
using Shutdown = int (*)();
using DriverVersion = int (*)(char*, unsigned);
using HandleByPci = int (*)(const char*, void**);
using ClockInfo = int (*)(void*, unsigned, unsigned*);
using Temperature = int (*)(void*, unsigned, unsigned*);
using Power = int (*)(void*, unsigned*);
using Counter = int (*)(void*, unsigned long long*);

constexpr std::array<std::pair<unsigned long long, std::string_view>, 9> throttle_names{
    {{0x1, "gpu idle"},
     {0x2, "application clocks setting"},
     {0x4, "software power cap"},
     {0x8, "hardware slowdown"},
     {0x10, "sync boost"},
     {0x20, "software thermal slowdown"},
     {0x40, "hardware thermal slowdown"},
     {0x80, "hardware power brake"},
     {0x100, "display clock setting"}}};

const Library& library() {
    static const Library loaded(nvml_library);
    return loaded;
}

/// Null without the library, or where it has no such function.
template <typename Function>
Function find(const char* name) {
    Function found = nullptr;
    library().find_optional(found, name);
    return found;
}

}  // namespace

Nvml::Nvml() {
    const auto init = find<Init>("nvmlInit_v2");
    running_ = init && init() == success;
}

Nvml::Nvml(const std::string& pci_bus_id) : Nvml() {
    const auto handle = find<HandleByPci>("nvmlDeviceGetHandleByPciBusId_v2");
    if (!running_ || !handle || handle(pci_bus_id.c_str(), &device_) != success) device_ = nullptr;
}

Nvml::~Nvml() {
    if (!running_) return;
    // NVML counts its users, so this ends our use and nobody else's.
    if (const auto shutdown = find<Shutdown>("nvmlShutdown")) shutdown();
}

std::string Nvml::driver_version() const {
    char text[96] = {};
    const auto version = find<DriverVersion>("nvmlSystemGetDriverVersion");
    return running_ && version && version(text, sizeof(text)) == success ? text : "";
}

ClockState Nvml::state() const {
    ClockState state;
    if (!device_) return state;
    const auto clock_mhz = [&](unsigned which) -> std::optional<double> {
        const auto clock = find<ClockInfo>("nvmlDeviceGetClockInfo");
        unsigned value = 0;
        return clock && clock(device_, which, &value) == success ? std::optional<double>(value) : std::nullopt;
    };
    state.sm_mhz = clock_mhz(sm_clock);
    state.memory_mhz = clock_mhz(memory_clock);
    unsigned value = 0;
    if (const auto temperature = find<Temperature>("nvmlDeviceGetTemperature");
        temperature && temperature(device_, gpu_sensor, &value) == success)
        state.temperature_c = value;
    if (const auto power = find<Power>("nvmlDeviceGetPowerUsage"); power && power(device_, &value) == success)
        state.power_w = value / 1000.0;
    unsigned long long counter = 0;
    if (const auto energy = find<Counter>("nvmlDeviceGetTotalEnergyConsumption");
        energy && energy(device_, &counter) == success)
        state.energy_mj = static_cast<double>(counter);
    auto reasons = find<Counter>("nvmlDeviceGetCurrentClocksEventReasons");
    // Its name before version 12.2.
    if (!reasons) reasons = find<Counter>("nvmlDeviceGetCurrentClocksThrottleReasons");
    if (reasons && reasons(device_, &counter) == success)
        for (const auto& [bit, text] : throttle_names)
            if (counter & bit) state.throttle_reasons.emplace_back(text);
    return state;
}

}  // namespace stele::cudart
