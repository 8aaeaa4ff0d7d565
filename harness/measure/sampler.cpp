#include "harness/measure/sampler.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "harness/measure/cell_group.hpp"
#include "harness/measure/executor.hpp"
#include "harness/measure/timing.hpp"
#include "harness/measure/verdict.hpp"

namespace stele {
namespace {

/// Splits cells into groups of one problem, in the order of their first cells, and lets `work` at each.
std::vector<Measurement> for_each_group(const std::vector<Cell>& cells, const SamplerOptions& options,
                                        const Watcher& watcher, ReferenceCache& references,
                                        void (CellGroup::*work)()) {
    std::vector<std::vector<CellState>> groups;
    std::map<std::pair<std::string, std::string>, std::size_t> position;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const Problem& problem = *cells[i].problem;
        const auto [found, added] =
            position.try_emplace({std::string(problem.operation()), problem.id()}, groups.size());
        if (added) groups.emplace_back();
        groups[found->second].emplace_back(i, cells[i], options);
    }
    std::vector<std::optional<Measurement>> measured(cells.size());
    for (auto& states : groups) {
        if (watcher.stop()) break;
        CellGroup group(std::move(states), options, watcher, references);
        (group.*work)();
        group.collect(measured);
    }
    std::vector<Measurement> out;
    for (auto& measurement : measured)
        if (measurement) out.push_back(std::move(*measurement));
    return out;
}

}  // namespace

Measurement blank_measurement(const Variant& variant, const Problem& problem, const std::string& device,
                              const SamplerOptions& options) {
    Measurement out;
    out.variant = variant.id();
    out.operation = variant.operation;
    out.algorithm = variant.algorithm;
    out.tile = variant.tile;
    out.language = variant.language;
    out.problem = problem.id();
    if (!problem.known_as().empty()) out.known_as = std::string(problem.known_as());
    out.dtype = problem.dtype();
    out.device = device;
    out.regime = options.regime;
    out.cache = options.cache;
    out.fill = options.fill;
    out.seed = options.seed;
    out.flops = problem.flops();
    out.bytes = problem.bytes();
    out.dense_flops = problem.dense_flops();
    return out;
}

std::vector<Measurement> verify_cells(const std::vector<Cell>& cells, const SamplerOptions& options,
                                      const Watcher& watcher) {
    ReferenceCache references;
    return verify_cells(cells, options, watcher, references);
}

std::vector<Measurement> verify_cells(const std::vector<Cell>& cells, const SamplerOptions& options,
                                      const Watcher& watcher, ReferenceCache& references) {
    return for_each_group(cells, options, watcher, references, &CellGroup::verify);
}

std::vector<Measurement> bench_cells(const std::vector<Cell>& cells, const SamplerOptions& options,
                                     const Watcher& watcher) {
    ReferenceCache references;
    return bench_cells(cells, options, watcher, references);
}

std::vector<Measurement> bench_cells(const std::vector<Cell>& cells, const SamplerOptions& options,
                                     const Watcher& watcher, ReferenceCache& references) {
    return for_each_group(cells, options, watcher, references, &CellGroup::bench);
}

std::vector<Measurement> profile_cells(const std::vector<Cell>& cells, const SamplerOptions& options,
                                       const Watcher& watcher) {
    ReferenceCache references;
    return for_each_group(cells, options, watcher, references, &CellGroup::profile);
}

VerifiedRun run_cell(const Cell& cell, const std::vector<Tensor>& inputs, const SamplerOptions& options) {
    std::size_t given = 0;
    for (const TensorSpec& spec : cell.problem->tensors()) {
        if (spec.role != Role::input) continue;
        if (given == inputs.size()) throw ProblemError(fmt::format("input {} is missing", spec.name));
        const TensorSpec& found = inputs[given++].spec;
        if (found.dtype != spec.dtype || found.shape != spec.shape)
            throw ProblemError(fmt::format("input {} has another dtype or shape than {} asks for", spec.name,
                                           cell.problem->id()));
    }
    if (given != inputs.size()) throw ProblemError(fmt::format("{} inputs given, {} wanted", inputs.size(), given));
    cell.problem->check_inputs(inputs);

    CellState state(0, cell, options);
    VerifiedRun out;
    if (const Support support = cell.variant->supports(cell.device->info(), *cell.problem); !support) {
        state.fail(Outcome::skipped, support.why_not);
    } else {
        state.guarded([&] {
            Workspace place(*cell.device, *cell.problem);
            state.plan = std::make_unique<LoadedPlan>(*cell.device, *cell.variant, *cell.problem);
            if (!state.plan->ran().empty()) state.measurement.ran = state.plan->ran();
            const Arithmetic arithmetic = cell.variant->arithmetic_for(*cell.problem);
            CheckedRun run = checked_run(
                *cell.device, *state.plan, place.first(), place.scratch().take(state.plan->scratch_bytes()),
                {cell.problem, arithmetic, std::make_shared<const std::vector<Tensor>>(inputs),
                 std::make_shared<const std::vector<Expected>>(cell.problem->reference(inputs, arithmetic)),
                 options.cell_timeout_seconds});
            state.measurement.verdict = std::move(run.verdict);
            out.outputs = std::move(run.outputs);
        });
    }
    out.measurement = std::move(state.measurement);
    return out;
}

}  // namespace stele
