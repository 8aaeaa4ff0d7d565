#include "backends/backend.hpp"

#include <algorithm>
#include <utility>

#include "backends/error.hpp"

namespace stele {
namespace {

class AbsentBackend final : public Backend {
public:
    AbsentBackend(std::string name, std::string why) : name_(std::move(name)), why_(std::move(why)) {}

    std::string_view name() const override { return name_; }
    const std::vector<DeviceInfo>& devices() const override { return none_; }
    std::string why_none() const override { return why_; }
    std::unique_ptr<Device> open(std::size_t index) const override {
        throw DeviceError("open " + name_ + ":" + std::to_string(index), 0, "", why_);
    }

private:
    std::string name_, why_;
    std::vector<DeviceInfo> none_;
};

}  // namespace

bool DeviceInfo::has(std::string_view feature) const { return std::ranges::find(features, feature) != features.end(); }

bool DeviceInfo::speaks(Language language) const { return std::ranges::find(languages, language) != languages.end(); }

std::optional<double> ClockCheck::bias() const {
    const double device = device_ns - overhead_ns, host = host_ns - host_overhead_ns.value_or(overhead_ns);
    if (!(device > 0 && host > 0)) return std::nullopt;
    return device / host - 1;
}

double Device::graph_nanoseconds(std::span<const Launch>) {
    throw DeviceError("a graph of launches on " + info().id, 0, "", "this runtime has no graphs");
}

std::unique_ptr<Backend> absent_backend(std::string name, std::string why) {
    return std::make_unique<AbsentBackend>(std::move(name), std::move(why));
}

}  // namespace stele
