#include "harness/study/causes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "harness/base/text.hpp"
#include "harness/study/modes.hpp"

namespace stele {

namespace {

/// Samples of one kind over the rounds of one side.
std::vector<double> pooled(std::span<const PairedRounds> rounds, const CellRound* PairedRounds::* side,
                           std::vector<double> CellRound::* kind) {
    std::vector<double> all;
    for (const PairedRounds& pair : rounds)
        all.insert(all.end(), ((pair.*side)->*kind).begin(), ((pair.*side)->*kind).end());
    return all;
}

/// A time that differs with cycles that do not is the clock's, not the code's.
void add_clock(std::vector<std::string>& causes, std::span<const PairedRounds> rounds, const Effect& effect,
               double margin) {
    const auto base = pooled(rounds, &PairedRounds::base, &CellRound::clock_mhz);
    const auto other = pooled(rounds, &PairedRounds::other, &CellRound::clock_mhz);
    if (base.empty() || other.empty() || !effect.test) return;
    std::vector<double> cycles;
    for (const PairedRounds& pair : rounds) {
        if (pair.base->cycles.empty() || pair.other->cycles.empty()) return;
        cycles.push_back(std::log(median(pair.other->cycles) / median(pair.base->cycles)));
    }
    const double before = median(base), after = median(other), reach = std::log1p(margin);
    const PairedTest test = paired_t(cycles);
    const bool is_clock =
        std::abs(effect.log_ratio) >= reach && test.interval.low > -reach && test.interval.high < reach;
    if (is_clock)
        causes.push_back(
            fmt::format("the clock, not the code: {:.0f} MHz in the place of {:.0f}, and equal cycles (×{:.3f})", after,
                        before, std::exp(test.mean)));
    else if (std::abs(std::log(after / before)) >= reach)
        causes.push_back(fmt::format("other clock: {:.0f} MHz in the place of {:.0f}", after, before));
}

struct Throttling {
    double share = 0;
    std::set<std::string> reasons;
};

Throttling throttling_of(std::span<const PairedRounds> rounds, const CellRound* PairedRounds::* side) {
    Throttling throttling;
    std::size_t samples = 0, throttled = 0;
    for (const PairedRounds& pair : rounds) {
        const CellRound& round = *(pair.*side);
        samples += round.samples_ns.size();
        throttled += round.throttled;
        throttling.reasons.insert(round.throttle_reasons.begin(), round.throttle_reasons.end());
    }
    throttling.share = static_cast<double>(throttled) / static_cast<double>(std::max<std::size_t>(samples, 1));
    return throttling;
}

void add_throttling(std::vector<std::string>& causes, std::span<const PairedRounds> rounds) {
    const Throttling before = throttling_of(rounds, &PairedRounds::base),
                     after = throttling_of(rounds, &PairedRounds::other);
    constexpr double worth_telling = 0.1;
    if (std::abs(after.share - before.share) < worth_telling) return;
    const Throttling& more = after.share > before.share ? after : before;
    causes.push_back(fmt::format("throttled in {:.0f} % of the samples, before {:.0f} % ({})", 100 * after.share,
                                 100 * before.share, fmt::join(more.reasons, ", ")));
}

void add_modes(std::vector<std::string>& causes, std::span<const PairedRounds> rounds, double margin) {
    const auto shift = mode_shift(pooled(rounds, &PairedRounds::base, &CellRound::samples_ns),
                                  pooled(rounds, &PairedRounds::other, &CellRound::samples_ns), 1 + margin);
    if (shift)
        causes.push_back(fmt::format("two speeds on both sides, and {:.0f} % of the samples went to the {} one",
                                     100 * std::abs(*shift), *shift > 0 ? "slow" : "fast"));
}

template <typename Get>
void add_other(std::vector<std::string>& causes, const char* what, const MatchedCells& cells, Get get) {
    std::set<std::string> base, other;
    for (const CellSource& source : cells.base->sources) base.insert(get(source));
    for (const CellSource& source : cells.other->sources) other.insert(get(source));
    if (base == other || (base.size() == 1 && base.begin()->empty()) || (other.size() == 1 && other.begin()->empty()))
        return;
    causes.push_back(fmt::format("other {} ({}; {})", what, fmt::join(base, ", "), fmt::join(other, ", ")));
}

std::string driver_of(const CellSource& source) {
    const auto& devices = source.report->devices;
    const auto found = std::ranges::find(devices, source.measurement->device, &DeviceInfo::id);
    return found == devices.end() ? "" : found->driver;
}

/// Of a vendor's row: the library behind it.
std::string library_of(const CellSource& source) {
    constexpr std::string_view vendor = "vendor.";
    const auto& libraries = source.report->environment.libraries;
    if (!libraries || !source.measurement->algorithm.starts_with(vendor)) return {};
    const auto found = libraries->find(source.measurement->algorithm.substr(vendor.size()));
    return found == libraries->end() ? "" : found->second.version;
}

}  // namespace

std::vector<std::string> causes_of(const MatchedCells& cells, std::span<const PairedRounds> rounds,
                                   const Effect& effect, double margin) {
    std::vector<std::string> causes;
    for (const Condition condition : cells.let_pass)
        causes.push_back(difference_text(condition, *cells.base, *cells.other) + ", let pass");
    add_clock(causes, rounds, effect, margin);
    add_throttling(causes, rounds);
    add_modes(causes, rounds, margin);
    add_other(causes, "inputs, by their seeds", cells,
              [](const CellSource& source) { return std::to_string(source.measurement->seed); });
    add_other(causes, "driver", cells, driver_of);
    add_other(causes, "library", cells, library_of);
    add_other(causes, "row that ran", cells,
              [](const CellSource& source) { return source.measurement->ran.value_or(""); });
    add_other(causes, "compiler", cells,
              [](const CellSource& source) { return source.report->environment.host_compiler; });
    return causes;
}

}  // namespace stele
