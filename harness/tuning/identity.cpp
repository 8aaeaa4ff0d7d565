#include "harness/tuning/identity.hpp"

#include "harness/record/hardware.hpp"

namespace stele {

DeviceIdentity identity_of(const DeviceInfo& device, const Environment& environment) {
    DeviceIdentity identity{hardware_of(device, environment),
                            device.backend,
                            device.platform,
                            device.vendor,
                            device.architecture,
                            device.driver,
                            device.is_cpu,
                            device.compute_units};
    if (device.is_cpu) identity.where = {device.compute_units, environment.allowed_cpus, environment.cpu_quota};
    return identity;
}

CellKey DeviceIdentity::cell(std::string_view variant, std::string_view problem, const Where& tuned) const {
    CellKey key;
    key.variant = variant;
    key.problem = problem;
    key.hardware = name;
    key.backend = backend;
    key.platform = platform;
    key.threads = tuned.threads;
    key.cpus = tuned.cpus;
    key.cpu_quota = tuned.cpu_quota.value_or(0);
    return key;
}

std::string file_name_of(const DeviceIdentity& device) {
    std::string name = hardware_slug(device.name);
    const std::string platform = hardware_slug(device.platform);
    if (platform != device.backend) name += "-" + platform;
    return name + "-" + device.backend + ".json";
}

}  // namespace stele
