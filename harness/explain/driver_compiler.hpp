// An NVIDIA driver's own OpenCL compiler.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "backends/backend.hpp"
#include "harness/catalog/device_set.hpp"

namespace stele::explain {

/// It gives its PTX.
struct DriverCompiler {
    std::string label;         ///< "driver 580.82 → PTX (opencl:0)"
    std::string architecture;  ///< of its device: "sm_90"
    /// Throws std::runtime_error with the compiler's log.
    std::function<std::string(const KernelSource&)> ptx;
};

/// Of the first NVIDIA GPU that has an OpenCL driver: its program binaries are PTX. Both must outlive it.
std::optional<DriverCompiler> find_driver_compiler(const DeviceSet& devices, OpenDevices& opened);

}  // namespace stele::explain
