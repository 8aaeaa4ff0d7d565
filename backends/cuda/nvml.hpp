// Clocks, temperature, throttling, power and energy from NVIDIA's management library, opened at run time: it comes
// with the driver, not with the toolkit.
#pragma once

#include <string>

#include "backends/backend.hpp"

namespace stele::cudart {

class Nvml {
public:
    /// Without the library nothing is told, and nothing fails.
    Nvml();
    /// `pci_bus_id` as cudaDeviceGetPCIBusId gives it.
    explicit Nvml(const std::string& pci_bus_id);
    ~Nvml();
    Nvml(const Nvml&) = delete;
    Nvml& operator=(const Nvml&) = delete;

    std::string driver_version() const;  ///< "580.65.06", or empty
    ClockState state() const;

private:
    bool running_ = false;
    void* device_ = nullptr;
};

}  // namespace stele::cudart
