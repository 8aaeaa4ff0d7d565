#include "harness/measure/merged_timing.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "harness/base/statistics.hpp"

namespace stele {
namespace {

/// So that clocks stay one a sample, or none.
bool all_have_clocks(const std::vector<Timing>& parts) {
    return std::all_of(parts.begin(), parts.end(),
                       [](const Timing& part) { return part.clock.size() == part.samples_ns.size(); });
}

template <typename T>
void append(std::vector<T>& to, const std::vector<T>& from) {
    to.insert(to.end(), from.begin(), from.end());
}

/// Of all parts; nothing where none has any.
void append_stolen(Timing& out, const std::vector<Timing>& parts) {
    const bool any = std::any_of(parts.begin(), parts.end(), [](const Timing& part) { return part.stolen_ms; });
    out.stolen_ms.reset();
    if (!any) return;
    out.stolen_ms.emplace();
    for (const Timing& part : parts)
        append(*out.stolen_ms, part.stolen_ms.value_or(std::vector<double>(part.samples_ns.size())));
    if (out.cpu) out.cpu->stolen_ms = std::accumulate(out.stolen_ms->begin(), out.stolen_ms->end(), 0.0);
}

}  // namespace

void summarise(Timing& timing) {
    std::vector<double> sorted = timing.samples_ns;
    std::sort(sorted.begin(), sorted.end());
    timing.median_ns = median(sorted);
    const Interval interval = median_interval(sorted);
    timing.low_ns = interval.low;
    timing.high_ns = interval.high;
    timing.coverage = interval.coverage;
    timing.passes = timing.pass.empty() ? 0 : *std::max_element(timing.pass.begin(), timing.pass.end()) + 1;
    timing.rounds = timing.round.empty() ? 0 : *std::max_element(timing.round.begin(), timing.round.end()) + 1;
}

void append(Timing& timing, const Sample& sample) {
    timing.samples_ns.push_back(sample.ns);
    timing.pass.push_back(sample.pass);
    timing.round.push_back(0);
    timing.clock.push_back(sample.clock);
    if (sample.stolen_ms > 0 && !timing.stolen_ms) timing.stolen_ms.emplace(timing.samples_ns.size() - 1);
    if (timing.stolen_ms) timing.stolen_ms->push_back(sample.stolen_ms);
}

Timing merged(std::vector<Timing> parts) {
    const bool clocks = all_have_clocks(parts);
    Timing out = parts.back();
    append_stolen(out, parts);
    out.samples_ns.clear();
    out.pass.clear();
    out.round.clear();
    out.clock.clear();
    std::uint32_t rounds = 0;
    for (const Timing& part : parts) {
        append(out.samples_ns, part.samples_ns);
        append(out.pass, part.pass);
        for (const std::uint32_t round : part.round) out.round.push_back(rounds + round);
        if (clocks) append(out.clock, part.clock);
        if (!part.round.empty()) rounds += *std::max_element(part.round.begin(), part.round.end()) + 1;
    }
    summarise(out);
    return out;
}

Measurement merged(std::vector<Measurement> rounds) {
    for (Measurement& round : rounds)
        if (!round.timing) return std::move(round);
    std::vector<Timing> parts;
    for (Measurement& round : rounds) parts.push_back(std::move(*round.timing));
    Measurement out = std::move(rounds.back());
    out.timing = parts.size() == 1 ? std::move(parts.front()) : merged(std::move(parts));
    return out;
}

}  // namespace stele
