#include "harness/record/conditions.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stele {

std::string unusual_conditions(const Measurement& measurement) {
    const Measurement usual;
    std::string conditions;
    if (measurement.regime != usual.regime) conditions += fmt::format("/{}", name(measurement.regime));
    if (measurement.cache != usual.cache) conditions += fmt::format("/{}", name(measurement.cache));
    if (measurement.fill != usual.fill) conditions += fmt::format("/{}", name(measurement.fill));
    return conditions;
}

const DeviceInfo& device_of(const Measurement& measurement, const Report& report) {
    static const DeviceInfo none;
    const auto found = std::ranges::find(report.devices, measurement.device, &DeviceInfo::id);
    return found == report.devices.end() ? none : *found;
}

}  // namespace stele
