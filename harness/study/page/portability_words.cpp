#include "harness/study/page/portability_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "backends/language.hpp"
#include "harness/base/text.hpp"

namespace stele {

namespace {

/// Of a language, over scopes.
struct Evenness {
    std::vector<double> pp;      ///< where all devices run it
    std::size_t zero = 0;        ///< where one does not
    std::size_t unmeasured = 0;  ///< where one was not asked
};

std::string evenness_text(std::string_view title, const Evenness& own) {
    std::vector<std::string> parts;
    if (!own.pp.empty()) {
        const auto [least, most] = std::ranges::minmax(own.pp);
        parts.push_back(fmt::format("{}{} in {}", three_digits(least),
                                    own.pp.size() > 1 ? " to " + three_digits(most) : "", own.pp.size()));
    }
    if (own.zero > 0) parts.push_back(fmt::format("0 in {}", own.zero));
    if (own.unmeasured > 0) parts.push_back(fmt::format("not timed everywhere in {}", own.unmeasured));
    return fmt::format("{} {}", title, fmt::join(parts, ", "));
}

}  // namespace

std::string portability_words(std::span<const ScopePortability> scopes) {
    std::map<Language, Evenness> languages;
    std::size_t groups = 0;
    for (const ScopePortability& scope : scopes) {
        if (scope.devices.size() < 2) continue;
        ++groups;
        const auto kind = std::ranges::find(scope.kinds, EfficiencyOf::libraries, &EfficiencyKind::of);
        if (kind == scope.kinds.end()) continue;
        for (const LanguagePortability& language : kind->languages) {
            if (language.supported == 0) continue;
            Evenness& own = languages[language.language];
            if (!language.pp)
                ++own.unmeasured;
            else if (language.pp->value > 0)
                own.pp.push_back(language.pp->value);
            else
                ++own.zero;
        }
    }
    if (languages.empty()) return "";
    std::vector<std::string> parts;
    for (const auto& [language, own] : languages) parts.push_back(evenness_text(info(language).title, own));
    return fmt::format(
        "PP is the harmonic mean of what a language reaches of the fastest on each device: 1 where portability costs "
        "nothing, 0 where a device does not run it. Of {} group{} of problems (an operation and a dtype) that were "
        "timed on more than one device: {}.",
        groups, groups == 1 ? "" : "s", fmt::join(parts, "; "));
}

}  // namespace stele
