#include "harness/study/portability_cells.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/record/ceiling.hpp"
#include "harness/study/doctor_cells.hpp"

namespace stele {
namespace {

PortabilityScope scope_of(const Measurement& cell) {
    return {cell.operation, cell.dtype, cell.regime, cell.cache, cell.fill};
}

PortabilityDevice device_of(const CellKey& key) { return {key.hardware, key.cpus, key.cpu_quota}; }

/// What the reports say of a device beside its cells.
struct KnownDevice {
    std::set<Language> spoken;
    std::vector<Ceiling> ceilings;  ///< by the cells of `ceiling`, whichever runtime reached them
};

std::map<PortabilityDevice, KnownDevice> known_devices(std::span<const Report> reports) {
    std::map<PortabilityDevice, KnownDevice> known;
    for (const Report& report : reports)
        for (const DeviceInfo& device : report.devices) {
            Measurement any;
            any.device = device.id;
            KnownDevice& own = known[device_of(key_of(any, report))];
            own.spoken.insert(device.languages.begin(), device.languages.end());
            std::ranges::move(ceilings_of(report.measurements, device.id), std::back_inserter(own.ceilings));
        }
    return known;
}

/// By the report itself, else by the ceilings that stand in any of the reports.
std::optional<double> ceiling_ns_of(const Measurement& cell, const KnownDevice& device) {
    if (!cell.timing) return std::nullopt;
    Measurement copy = cell;
    if (!copy.timing->fraction_of_peak) compare_with_ceilings(copy, device.ceilings);
    if (!copy.timing->fraction_of_peak) return std::nullopt;
    return *copy.timing->fraction_of_peak * copy.timing->median_ns;
}

std::optional<TimedChoice> choice_of(const SideCell& cell, const KnownDevice& device) {
    const Measurement& telling = cell.telling();
    TimedChoice choice{cell.key.variant, telling.language, 0, {}, ceiling_ns_of(telling, device)};
    if (cell.rounds.empty()) {
        if (telling.verdict.outcome != Outcome::passed || !telling.untimed || telling.untimed->execution_ns <= 0)
            return std::nullopt;
        choice.ns = telling.untimed->execution_ns;
        return choice;
    }
    double logs = 0;
    for (const CellRound& round : cell.rounds) {
        logs += std::log(round.median_ns);
        choice.rounds.emplace_back(round.samples_ns);
    }
    choice.ns = std::exp(logs / static_cast<double>(cell.rounds.size()));
    return choice;
}

}  // namespace

double TimedChoice::draw_ns(SeededDraws& draws) const {
    if (rounds.empty()) return ns;
    double logs = 0;
    for (std::size_t drawn = 0; drawn < rounds.size(); ++drawn)
        logs += rounds[draws.below(rounds.size())].draw_log(draws);
    return std::exp(logs / static_cast<double>(rounds.size()));
}

std::map<PortabilityScope, ScopeCells> portability_cells(std::span<const Report> reports) {
    const auto known = known_devices(reports);
    std::map<PortabilityScope, std::map<PortabilityDevice, std::map<std::string, AskedProblem>>> asked;
    const auto sides = side_cells(reports, 1, [](const Report&, const Measurement&) { return 0; });
    for (const SideCell& cell : sides.front()) {
        if (cell.key.hardware.empty()) continue;
        const PortabilityDevice device = device_of(cell.key);
        const Measurement& telling = cell.telling();
        AskedProblem& problem = asked[scope_of(telling)][device][cell.key.problem];
        std::string& why_not = problem.asked[telling.language];
        if (auto choice = choice_of(cell, known.at(device)))
            problem.choices.push_back(std::move(*choice));
        else if (why_not.empty())
            why_not = telling.verdict.reason;
    }
    std::map<PortabilityScope, ScopeCells> out;
    for (auto& [scope, devices] : asked)
        for (auto& [device, problems] : devices) {
            std::erase_if(problems, [](const auto& problem) { return problem.second.choices.empty(); });
            if (problems.empty()) continue;
            ScopeCells& cells = out[scope];
            cells.devices.push_back(device);
            cells.spoken.push_back(known.at(device).spoken);
            cells.problems.push_back(std::move(problems));
        }
    return out;
}

}  // namespace stele
