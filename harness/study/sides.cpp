#include "harness/study/sides.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "harness/base/statistics.hpp"

namespace stele {

namespace {

/// Each round's samples, by its number in the report.
std::map<std::uint32_t, CellRound> rounds_of(const Timing& timing) {
    std::map<std::uint32_t, CellRound> rounds;
    const bool has_clock = !timing.clock.empty() && std::ranges::all_of(timing.clock, [](const ClockState& clock) {
        return clock.sm_mhz.has_value();
    });
    for (std::size_t i = 0; i < timing.samples_ns.size(); ++i) {
        CellRound& round = rounds[timing.round[i]];
        round.samples_ns.push_back(timing.samples_ns[i]);
        if (has_clock) {
            round.clock_mhz.push_back(*timing.clock[i].sm_mhz);
            round.cycles.push_back(timing.samples_ns[i] * *timing.clock[i].sm_mhz * 1e-3);
        }
        if (timing.clock.empty() || timing.clock[i].throttle_reasons.empty()) continue;
        ++round.throttled;
        round.throttle_reasons.insert(timing.clock[i].throttle_reasons.begin(), timing.clock[i].throttle_reasons.end());
    }
    for (auto& [number, round] : rounds) round.median_ns = median(round.samples_ns);
    return rounds;
}

}  // namespace

std::size_t processes_of(const Report& report) {
    std::size_t most = 1;
    for (const Measurement& cell : report.measurements)
        if (cell.timing) most = std::max<std::size_t>(most, cell.timing->rounds);
    return most;
}

const Measurement& SideCell::telling() const {
    for (const auto outcome_tells : {is_failure, +[](Outcome outcome) { return outcome == Outcome::passed; }})
        for (const CellSource& source : sources)
            if (outcome_tells(source.measurement->verdict.outcome)) return *source.measurement;
    return first();
}

double SideCell::median_ns() const {
    std::vector<double> medians;
    for (const CellRound& round : rounds) medians.push_back(round.median_ns);
    return median(medians);
}

const DeviceInfo* SideCell::device() const {
    const auto& devices = sources.front().report->devices;
    const auto found = std::ranges::find(devices, first().device, &DeviceInfo::id);
    return found == devices.end() ? nullptr : &*found;
}

std::vector<std::vector<SideCell>> side_cells(
    std::span<const Report> reports, std::size_t sides,
    const std::function<std::size_t(const Report&, const Measurement&)>& side_of) {
    std::vector<std::vector<SideCell>> out(sides);
    // Where the n-th cell of a key on a side stands.
    std::map<std::tuple<std::size_t, CellKey, std::size_t>, std::size_t> position;
    std::size_t first_slot = 0;
    for (const Report& report : reports) {
        std::map<std::pair<std::size_t, CellKey>, std::size_t> seen;
        for (const Measurement& measurement : report.measurements) {
            if (measurement.device.empty()) continue;
            const std::size_t side = side_of(report, measurement);
            std::vector<SideCell>& cells = out.at(side);
            const CellKey key = key_of(measurement, report);
            const std::size_t twin = seen[{side, key}]++;
            const auto [place, is_new] = position.try_emplace({side, key, twin}, cells.size());
            if (is_new) cells.push_back({key, twin, {}, {}});
            SideCell& cell = cells[place->second];
            cell.sources.push_back({&report, &measurement});
            if (!measurement.timing) continue;
            for (auto& [number, round] : rounds_of(*measurement.timing)) {
                round.slot = first_slot + number;
                cell.rounds.push_back(std::move(round));
            }
        }
        first_slot += processes_of(report);
    }
    // A cell that failed in one process has no time in any.
    for (std::vector<SideCell>& cells : out)
        for (SideCell& cell : cells)
            if (is_failure(cell.telling().verdict.outcome)) cell.rounds.clear();
    return out;
}

std::vector<PairedRounds> pair_rounds(const SideCell& base, const SideCell& other) {
    std::vector<PairedRounds> pairs;
    for (const CellRound& round : base.rounds) {
        const auto same = std::ranges::find(other.rounds, round.slot, &CellRound::slot);
        if (same != other.rounds.end()) pairs.push_back({&round, &*same});
    }
    if (!pairs.empty()) return pairs;
    for (std::size_t i = 0; i < std::min(base.rounds.size(), other.rounds.size()); ++i)
        pairs.push_back({&base.rounds[i], &other.rounds[i]});
    return pairs;
}

}  // namespace stele
