#include "harness/measure/runner.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "harness/measure/verified_cell.hpp"
#include "harness/record/cell_key.hpp"

namespace stele {
namespace {

/// Cells of one problem, and their places in the run's list.
struct ProblemCells {
    std::vector<Cell> cells;
    std::vector<std::size_t> places;
};

std::vector<ProblemCells> by_problem(std::span<const Cell> cells) {
    std::vector<ProblemCells> groups;
    std::map<std::pair<std::string, std::string>, std::size_t> position;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const Problem& problem = *cells[i].problem;
        const auto [found, added] =
            position.try_emplace({std::string(problem.operation()), problem.id()}, groups.size());
        if (added) groups.emplace_back();
        groups[found->second].cells.push_back(cells[i]);
        groups[found->second].places.push_back(i);
    }
    return groups;
}

/// A line for people, empty where the one before still says it.
std::string line_of(const Intent& intent, const Cell& cell, const Intent& before) {
    const auto title = [&] { return cell_title(cell.variant->id(), cell.problem->id(), cell.device->id); };
    switch (intent.phase) {
        case Phase::verify:
            return "verifying " + title();
        // Long only where they are news.
        case Phase::build:
            return "verifying " + title() + ": building";
        case Phase::reference:
            return "verifying " + title() + ": computing its reference";
        // Short beside the others, whose lines they would hide.
        case Phase::open:
        case Phase::judge:
        case Phase::prepare:
        case Phase::check_again:
            return {};
        case Phase::profile:
            return "profiling " + title();
        case Phase::warm_up:
            if (before.phase == intent.phase && before.seconds == intent.seconds) return {};
            return fmt::format("warming up, {:.0f} s", intent.seconds);
        case Phase::measure_energy:
            return "measuring the energy of " + title();
        case Phase::sample:
            if (before.phase == intent.phase && before.pass == intent.pass) return {};
            return fmt::format("{} {}: pass {}, {} cells", cell.problem->operation(), cell.problem->id(),
                               intent.pass + 1, intent.active);
    }
    return {};
}

void check_given(const Problem& problem, const std::vector<Tensor>& inputs) {
    std::size_t given = 0;
    for (const TensorSpec& spec : problem.tensors()) {
        if (spec.role != Role::input) continue;
        if (given == inputs.size()) throw ProblemError(fmt::format("input {} is missing", spec.name));
        const TensorSpec& found = inputs[given++].spec;
        if (found.dtype != spec.dtype || found.shape != spec.shape)
            throw ProblemError(
                fmt::format("input {} has another dtype or shape than {} asks for", spec.name, problem.id()));
    }
    if (given != inputs.size()) throw ProblemError(fmt::format("{} inputs given, {} wanted", inputs.size(), given));
    problem.check_inputs(inputs);
}

}  // namespace

std::vector<Measurement> run_cells(CellRunner& runner, Work work, std::span<const Cell> cells,
                                   const SamplerOptions& options, const Watcher& watcher) {
    std::vector<std::optional<Measurement>> measured(cells.size());
    for (const ProblemCells& group : by_problem(cells)) {
        if (watcher.stop()) break;
        Intent before;
        runner.run(work, group.cells, options,
                   {[&](const Intent& intent) {
                        const std::string line = line_of(intent, group.cells.at(intent.cell), before);
                        before = intent;
                        if (!line.empty()) watcher.progress(line);
                    },
                    [&](std::size_t cell, Measurement measurement) {
                        const std::size_t place = group.places.at(cell);
                        watcher.finished(place, measurement);
                        measured[place] = std::move(measurement);
                    },
                    watcher.stop});
    }
    std::vector<Measurement> out;
    for (auto& measurement : measured)
        if (measurement) out.push_back(std::move(*measurement));
    return out;
}

Given given_inputs(const Cell& cell, std::vector<Tensor> inputs) {
    check_given(*cell.problem, inputs);
    Given given;
    given.inputs = std::make_shared<const std::vector<Tensor>>(std::move(inputs));
    given.expected = std::make_shared<const std::vector<Expected>>(
        cell.problem->reference(*given.inputs, cell.variant->arithmetic_for(*cell.problem)));
    return given;
}

Measurement failed_measurement(const Cell& cell, const SamplerOptions& options, Outcome outcome, std::string reason) {
    Measurement out = blank_measurement(cell, options);
    out.verdict.outcome = outcome;
    out.verdict.reason = std::move(reason);
    return out;
}

}  // namespace stele
