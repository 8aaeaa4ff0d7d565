#include "harness/catalog/device_set.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/error.hpp"
#include "harness/catalog/registry.hpp"

namespace stele {

DeviceSet::DeviceSet(std::vector<std::unique_ptr<Backend>> backends) : backends_(std::move(backends)) {
    for (const auto& backend : backends_) {
        for (const DeviceInfo& info : backend->devices()) infos_.push_back(info);
        if (backend->devices().empty()) absent_.push_back({std::string(backend->name()), backend->why_none()});
    }
}

std::vector<const DeviceInfo*> DeviceSet::select(const std::vector<std::string>& patterns) const {
    std::vector<std::string> ids;
    for (const DeviceInfo& info : infos_) ids.push_back(info.id);
    const auto matches = [](const std::string& pattern, const DeviceInfo& info) {
        return pattern == info.backend || glob_match(pattern, info.id);
    };
    for (const std::string& pattern : patterns) {
        if (std::any_of(infos_.begin(), infos_.end(), [&](const DeviceInfo& info) { return matches(pattern, info); }))
            continue;
        for (const AbsentBackend& backend : absent_)
            if (pattern.substr(0, pattern.find(':')) == backend.name)
                throw BadInput(fmt::format("no device matches '{}': the {} backend has none: {}", pattern, backend.name,
                                           backend.why));
        const std::vector<std::string> near = nearest(pattern, ids, 1);
        throw BadInput(fmt::format("no device matches '{}'{}; there are {}", pattern,
                                   near.empty() ? "" : fmt::format("; did you mean '{}'?", near.front()),
                                   ids.empty() ? "none" : fmt::format("{}", fmt::join(ids, ", "))));
    }
    std::vector<const DeviceInfo*> selected;
    for (const DeviceInfo& info : infos_)
        if (patterns.empty() || std::any_of(patterns.begin(), patterns.end(),
                                            [&](const std::string& pattern) { return matches(pattern, info); }))
            selected.push_back(&info);
    return selected;
}

Device& DeviceSet::open(const DeviceInfo& info) {
    std::unique_ptr<Device>& device = opened_[info.id];
    if (device) return *device;
    for (const auto& backend : backends_)
        for (std::size_t i = 0; i < backend->devices().size(); ++i)
            if (backend->devices()[i].id == info.id) return *(device = backend->open(i));
    throw std::logic_error("no backend has the device " + info.id);
}

std::string DeviceSet::why_none_speaks(Language language, const std::vector<const DeviceInfo*>& among) const {
    const DeviceInfo *timed = nullptr, *results_only = nullptr;
    for (const DeviceInfo& info : infos_)
        if (info.speaks(language) && std::find(among.begin(), among.end(), &info) == among.end())
            (info.for_results_only ? results_only : timed) = &info;
    if (timed) return fmt::format("no chosen device speaks {} ({} would)", name(language), timed->id);
    std::string why = fmt::format("no device speaks {}", name(language));
    for (const AbsentBackend& backend : absent_)
        if (backend.name == info(language).runtime) why = fmt::format("no {} device: {}", backend.name, backend.why);
    if (results_only) why += fmt::format(" ({} computes it, for results only)", results_only->id);
    return why;
}

}  // namespace stele
