#include "harness/record/hardware.hpp"

#include <fmt/format.h>

#include <cctype>
#include <set>
#include <sstream>

namespace stele {

std::string hardware_of(const DeviceInfo& device, const Environment& environment) {
    if (!device.is_cpu) return device.name;
    const bool known_cpu = !environment.cpu.empty() && environment.cpu != "unknown";
    const std::string& name = known_cpu ? environment.cpu : device.name;
    return environment.cpu_family.empty() ? name : fmt::format("{} ({})", name, environment.cpu_family);
}

std::string hardware_slug(const std::string& hardware) {
    static const std::set<std::string> noise{"nvidia",      "amd",          "intel", "r",    "tm",       "authenticamd",
                                             "corporation", "genuineintel", "cpu",   "core", "processor"};
    std::string words, slug;
    for (char c : hardware)
        words += std::isalnum(static_cast<unsigned char>(c))
                     ? static_cast<char>(std::tolower(static_cast<unsigned char>(c)))
                 : c == '-' ? '-'
                            : ' ';
    std::istringstream in(words);
    for (std::string word; in >> word;) {
        // "96-core" says nothing that the model does not.
        if (noise.contains(word) || word.ends_with("-core") || word == "-") continue;
        slug += (slug.empty() ? "" : "-") + word;
    }
    return slug.empty() ? "device" : slug;
}

}  // namespace stele
