#include "harness/explain/driver_compiler.hpp"

#include <fmt/format.h>

#include "backends/opencl/opencl.hpp"
#include "harness/base/error.hpp"

namespace stele::explain {

std::optional<DriverCompiler> find_driver_compiler(const DeviceSet& devices, OpenDevices& opened) {
    for (const DeviceInfo& device : devices.infos()) {
        if (device.opencl_as_ptx || !device.speaks(Language::opencl_ptx)) continue;
        const auto ptx = [&opened, &device](const KernelSource& source) {
            const std::string text = opencl_program_binary(*opened.open(device).load(source));
            if (text.find(".version") == std::string::npos) throw Failed("the driver's program binary is no PTX text");
            // A text in a buffer may end with zeros.
            return text.substr(0, text.find('\0'));
        };
        return DriverCompiler{fmt::format("{} → PTX ({})", device.driver, device.id),
                              fmt::format("sm_{}", device.compute_capability), ptx};
    }
    return std::nullopt;
}

}  // namespace stele::explain
