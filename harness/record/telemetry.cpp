#include "harness/record/telemetry.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <vector>

namespace stele {

bool is_throttle(const std::string& reason) {
    constexpr std::array<std::string_view, 3> settings{"gpu idle", "application clocks setting",
                                                       "display clock setting"};
    return std::ranges::find(settings, reason) == settings.end();
}

Disturbed disturbed(const Timing& timing) {
    Disturbed out;
    for (const ClockState& state : timing.clock) {
        bool throttled = false;
        for (const std::string& reason : state.throttle_reasons) {
            if (!is_throttle(reason)) continue;
            throttled = true;
            if (std::ranges::find(out.reasons, reason) == out.reasons.end()) out.reasons.push_back(reason);
        }
        out.throttled += throttled;
    }
    if (timing.stolen_ms)
        out.stolen =
            static_cast<std::size_t>(std::ranges::count_if(*timing.stolen_ms, [](double ms) { return ms > 0; }));
    return out;
}

std::string disturbance_text(const Timing& timing) {
    const Disturbed found = disturbed(timing);
    const std::size_t samples = timing.samples_ns.size();
    std::vector<std::string> parts;
    if (found.throttled > 0)
        parts.push_back(
            fmt::format("{} of {} samples throttled ({})", found.throttled, samples, fmt::join(found.reasons, ", ")));
    if (found.stolen > 0)
        parts.push_back(fmt::format("{} of {} samples with CPU time stolen, {:.0f} ms in all", found.stolen, samples,
                                    std::accumulate(timing.stolen_ms->begin(), timing.stolen_ms->end(), 0.0)));
    return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace stele
