// The devices that were found, chosen by name; and those of this process, opened.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/backend.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

/// What looking for devices gave.
struct FoundDevices {
    std::vector<DeviceInfo> infos;
    std::vector<AbsentBackend> absent;  ///< backends without any, and why
};

/// Devices of this process. A backend looks for its devices when one of them is first asked for, and opens each once.
class OpenDevices {
public:
    explicit OpenDevices(std::vector<BackendEntry> backends = backend_list()) : entries_(std::move(backends)) {}
    /// One device that somebody else has opened, and keeps.
    explicit OpenDevices(Device& given) { opened_[given.info().id] = &given; }

    /// Of the backends in `skipped` nothing is asked, and nothing told. `about_to` is told each backend before it is
    /// asked.
    FoundDevices found(
        const std::vector<std::string>& skipped = {},
        const std::function<void(std::string_view backend)>& about_to = [](std::string_view) {});
    /// A device that is opened has given bytes back. Throws DeviceError.
    Device& open(const DeviceInfo& info);
    bool is_open(const DeviceInfo& info) const { return opened_.contains(info.id); }

private:
    Backend& made(const BackendEntry& entry);

    std::vector<BackendEntry> entries_;
    std::map<std::string_view, std::unique_ptr<Backend>> made_;
    std::vector<std::unique_ptr<Device>> owned_;
    std::map<std::string, Device*> opened_;
};

/// Empty if the device takes bytes and gives them back, else what went wrong: after some faults nothing more can be
/// done with a device in this process.
std::string why_unusable(Device& device);

/// Devices to choose among, wherever they are opened.
class DeviceSet {
public:
    explicit DeviceSet(FoundDevices found) : found_(std::move(found)) {}

    const std::vector<DeviceInfo>& infos() const { return found_.infos; }
    const std::vector<AbsentBackend>& absent() const { return found_.absent; }

    /// Devices that any of `patterns` names: an id, a backend's name, or a glob of ids. Empty: all. Throws BadInput
    /// for a pattern that names none, with the backend's reason or the nearest id.
    std::vector<const DeviceInfo*> select(const std::vector<std::string>& patterns) const;

    /// Why nothing in `among` can load `language`: the reasons of the backends that could have.
    std::string why_none_speaks(Language language, const std::vector<const DeviceInfo*>& among) const;

private:
    FoundDevices found_;
};

}  // namespace stele
