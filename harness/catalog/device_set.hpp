// The devices that were found, chosen by name and opened once.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/backend.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

class DeviceSet {
public:
    explicit DeviceSet(std::vector<std::unique_ptr<Backend>> backends = all_backends());

    const std::vector<DeviceInfo>& infos() const { return infos_; }
    const std::vector<AbsentBackend>& absent() const { return absent_; }

    /// Devices that any of `patterns` names: an id, a backend's name, or a glob of ids. Empty: all. Throws BadInput
    /// for a pattern that names none, with the backend's reason or the nearest id.
    std::vector<const DeviceInfo*> select(const std::vector<std::string>& patterns) const;

    /// Throws DeviceError.
    Device& open(const DeviceInfo& info);

    /// Why nothing in `among` can load `language`: the reasons of the backends that could have.
    std::string why_none_speaks(Language language, const std::vector<const DeviceInfo*>& among) const;

private:
    std::vector<std::unique_ptr<Backend>> backends_;
    std::vector<DeviceInfo> infos_;
    std::vector<AbsentBackend> absent_;
    std::map<std::string, std::unique_ptr<Device>> opened_;
};

}  // namespace stele
