#include "harness/catalog/device_set.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "backends/error.hpp"
#include "harness/base/error.hpp"
#include "harness/catalog/registry.hpp"

namespace stele {

Backend& OpenDevices::made(const BackendEntry& entry) {
    std::unique_ptr<Backend>& backend = made_[entry.name];
    if (!backend) backend = entry.make();
    return *backend;
}

FoundDevices OpenDevices::found(const std::vector<std::string>& skipped,
                                const std::function<void(std::string_view backend)>& about_to) {
    FoundDevices found;
    for (const auto& [id, device] : opened_)
        if (entries_.empty()) found.infos.push_back(device->info());
    for (const BackendEntry& entry : entries_) {
        if (std::find(skipped.begin(), skipped.end(), entry.name) != skipped.end()) continue;
        about_to(entry.name);
        const Backend& backend = made(entry);
        for (const DeviceInfo& info : backend.devices()) found.infos.push_back(info);
        if (backend.devices().empty()) found.absent.push_back({std::string(entry.name), backend.why_none()});
    }
    return found;
}

Device& OpenDevices::open(const DeviceInfo& info) {
    if (const auto known = opened_.find(info.id); known != opened_.end()) return *known->second;
    for (const BackendEntry& entry : entries_) {
        if (entry.name != info.backend) continue;
        const Backend& backend = made(entry);
        for (std::size_t i = 0; i < backend.devices().size(); ++i) {
            if (backend.devices()[i].id != info.id) continue;
            owned_.push_back(backend.open(i));
            if (const std::string why = why_unusable(*owned_.back()); !why.empty())
                throw DeviceError("open", 0, "DEVICE_UNUSABLE", why);
            return *(opened_[info.id] = owned_.back().get());
        }
    }
    throw std::logic_error("no backend has the device " + info.id);
}

std::string why_unusable(Device& device) try {
    std::vector<std::byte> sent(4096), received(sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<std::byte>(i * 37);
    const auto buffer = device.allocate(sent.size());
    device.upload(*buffer, 0, sent);
    device.download(*buffer, 0, received);
    return received == sent ? "" : "it gives other bytes back than it was given";
} catch (const std::exception& error) {
    return error.what();
}

std::vector<const DeviceInfo*> DeviceSet::select(const std::vector<std::string>& patterns) const {
    std::vector<std::string> ids;
    for (const DeviceInfo& info : infos()) ids.push_back(info.id);
    const auto matches = [](const std::string& pattern, const DeviceInfo& info) {
        return pattern == info.backend || glob_match(pattern, info.id);
    };
    for (const std::string& pattern : patterns) {
        if (std::any_of(infos().begin(), infos().end(), [&](const DeviceInfo& info) { return matches(pattern, info); }))
            continue;
        for (const AbsentBackend& backend : absent())
            if (pattern.substr(0, pattern.find(':')) == backend.name)
                throw BadInput(fmt::format("no device matches '{}': the {} backend has none: {}", pattern, backend.name,
                                           backend.why));
        const std::vector<std::string> near = nearest(pattern, ids, 1);
        throw BadInput(fmt::format("no device matches '{}'{}; there are {}", pattern,
                                   near.empty() ? "" : fmt::format("; did you mean '{}'?", near.front()),
                                   ids.empty() ? "none" : fmt::format("{}", fmt::join(ids, ", "))));
    }
    std::vector<const DeviceInfo*> selected;
    for (const DeviceInfo& info : infos())
        if (patterns.empty() || std::any_of(patterns.begin(), patterns.end(),
                                            [&](const std::string& pattern) { return matches(pattern, info); }))
            selected.push_back(&info);
    return selected;
}

std::string DeviceSet::why_none_speaks(Language language, const std::vector<const DeviceInfo*>& among) const {
    const DeviceInfo *timed = nullptr, *results_only = nullptr;
    for (const DeviceInfo& info : infos())
        if (info.speaks(language) && std::find(among.begin(), among.end(), &info) == among.end())
            (info.for_results_only ? results_only : timed) = &info;
    if (timed) return fmt::format("no chosen device speaks {} ({} would)", name(language), timed->id);
    std::string why = fmt::format("no device speaks {}", name(language));
    for (const AbsentBackend& backend : absent())
        if (backend.name == info(language).runtime) why = fmt::format("no {} device: {}", backend.name, backend.why);
    if (results_only) why += fmt::format(" ({} computes it, for results only)", results_only->id);
    return why;
}

}  // namespace stele
