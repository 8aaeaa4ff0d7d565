#include "kernels/common/panel.hpp"

#include <fmt/format.h>

namespace stele {

Support sums_fit_registers(const DeviceInfo& device, int thread_m, int thread_n) {
    constexpr int wide = 16, most_of_narrow = 128;
    const int floats = device.vector_floats.value_or(8), sums = thread_m * thread_n;
    if (floats >= wide || sums <= most_of_narrow) return {};
    return Support::no(fmt::format("{} x {} sums want vectors of {} floats, and 32 of them; this device has {}",
                                   thread_m, thread_n, wide, floats));
}

std::vector<std::string> builtins_of(const DeviceInfo& device) {
    if (device.platform == "Portable Computing Language") return {"-DBUILTIN_PREFETCH"};
    return {};
}

}  // namespace stele
