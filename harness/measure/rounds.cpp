#include "harness/measure/rounds.hpp"

#include <algorithm>
#include <utility>

#include "harness/base/error.hpp"
#include "harness/measure/merged_timing.hpp"

namespace stele {

void Rounds::recall(const std::vector<JournalEntry>& entries) {
    for (const JournalEntry& entry : entries) {
        const Measurement& known = entry.measurement;
        if (entry.cell >= cells_.size() || known.variant != cells_[entry.cell].variant->id() ||
            known.problem != cells_[entry.cell].problem->id() || known.device != cells_[entry.cell].device->id)
            throw BadInput(
                "the journal is of other cells than its options make here: a device, a suite or a tuning "
                "file is another now");
        if (known.timing && known.timing->stopped_by == StoppedBy::interrupted) continue;
        measured_[entry.cell][entry.round] = known;
    }
}

std::vector<std::size_t> Rounds::open(std::uint32_t round) const {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        const bool untimed = std::any_of(measured_[i].begin(), measured_[i].end(),
                                         [](const auto& known) { return !known.second.timing; });
        if (!untimed && !measured_[i].contains(round)) places.push_back(i);
    }
    return places;
}

void Rounds::bench(CellRunner& runner, SamplerOptions options, std::uint32_t rounds, const Watcher& watcher) {
    for (std::uint32_t round = 0; round < rounds && !watcher.stop(); ++round) {
        std::vector<std::size_t> places = open(round);
        if (places.empty()) continue;
        // What comes first in one round comes last in the next.
        if (round % 2 == 1) std::reverse(places.begin(), places.end());
        std::vector<Cell> cells;
        for (const std::size_t place : places) cells.push_back(cells_[place]);
        Watcher own = watcher;
        own.finished = [&](std::size_t cell, const Measurement& measurement) {
            keep_({places[cell], round, measurement});
            measured_[places[cell]][round] = measurement;
        };
        if (rounds > 1)
            own.progress = [&](const std::string& line) {
                watcher.progress("round " + std::to_string(round + 1) + ": " + line);
            };
        if (round > 0) runner.begin_round();
        options.round = round;
        run_cells(runner, Work::bench, cells, options, own);
    }
}

std::vector<Measurement> Rounds::measurements() const {
    std::vector<Measurement> out;
    for (const auto& rounds : measured_) {
        std::vector<Measurement> parts;
        for (const auto& [round, measurement] : rounds) parts.push_back(measurement);
        if (!parts.empty()) out.push_back(merged(std::move(parts)));
    }
    return out;
}

}  // namespace stele
