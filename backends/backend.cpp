#include "backends/backend.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "backends/error.hpp"

namespace stele {
namespace {

constexpr std::array<std::pair<Language, std::string_view>, 6> language_names{{{Language::cuda, "cuda"},
                                                                               {Language::ptx, "ptx"},
                                                                               {Language::opencl, "opencl"},
                                                                               {Language::opencl_ptx, "opencl_ptx"},
                                                                               {Language::host, "host"},
                                                                               {Language::vendor, "vendor"}}};

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

std::string_view name(Language language) {
    for (const auto& [value, text] : language_names)
        if (value == language) return text;
    return "unknown";
}

std::optional<Language> parse_language(std::string_view text) {
    for (const auto& [value, known] : language_names)
        if (known == text) return value;
    return std::nullopt;
}

bool DeviceInfo::has(std::string_view feature) const { return std::ranges::find(features, feature) != features.end(); }

bool DeviceInfo::speaks(Language language) const { return std::ranges::find(languages, language) != languages.end(); }

std::unique_ptr<Backend> absent_backend(std::string name, std::string why) {
    return std::make_unique<AbsentBackend>(std::move(name), std::move(why));
}

}  // namespace stele
