#include "harness/cli/workload.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "backends/names.hpp"
#include "harness/base/error.hpp"
#include "harness/base/text.hpp"
#include "harness/record/environment.hpp"

namespace stele {

namespace {

Measurement left_out(const Variant& variant, const Problem& problem, const std::string& device,
                     const SamplerOptions& options, std::string reason) {
    Measurement cell = blank_measurement(variant, problem, device, options);
    cell.verdict.outcome = Outcome::skipped;
    cell.verdict.reason = std::move(reason);
    return cell;
}

/// Adds the cells of one problem, and what is left out of them.
class CellMaker {
public:
    /// `choose` gives the tile of a variant on a device.
    using Choose = std::function<TileChoice(const Variant&, const Problem&, const DeviceInfo&)>;
    CellMaker(Workload& workload, const DeviceSet& devices, std::vector<const DeviceInfo*> selected,
              const SamplerOptions& options, Choose choose)
        : workload_(workload),
          devices_(devices),
          selected_(std::move(selected)),
          options_(options),
          choose_(std::move(choose)) {}

    void add(const Variant& variant, const Problem& problem) {
        std::vector<std::pair<const DeviceInfo*, std::string>> refusals;
        bool supported = false;
        for (const DeviceInfo* device : selected_) {
            if (!device->speaks(variant.language)) continue;
            const TileChoice choice = choose_(variant, problem, *device);
            const std::string why_not = refusal(*choice.variant, problem, *device);
            if (!why_not.empty()) {
                refusals.emplace_back(device, why_not);
                continue;
            }
            supported = true;
            add_cell(choice, problem, *device);
        }
        if (variant.language == Language::vendor) {
            // A library has one kind of device; that the others are not of it is no news.
            if (!supported) leave_out(variant, problem, "", one_reason(variant, refusals));
            return;
        }
        if (!supported && refusals.empty())
            leave_out(variant, problem, "", devices_.why_none_speaks(variant.language, selected_));
        for (const auto& [device, why_not] : refusals) leave_out(variant, problem, device->id, why_not);
    }

private:
    static std::string refusal(const Variant& variant, const Problem& problem, const DeviceInfo& device) {
        const Support support = variant.supports(device, problem);
        return support ? why_too_large(device, problem) : support.why_not;
    }

    std::string one_reason(const Variant& variant,
                           const std::vector<std::pair<const DeviceInfo*, std::string>>& refusals) const {
        std::vector<std::string> reasons;
        for (const auto& [device, why_not] : refusals)
            if (std::find(reasons.begin(), reasons.end(), why_not) == reasons.end()) reasons.push_back(why_not);
        if (reasons.empty()) return devices_.why_none_speaks(variant.language, selected_);
        return fmt::format("{}", fmt::join(reasons, "; "));
    }

    void leave_out(const Variant& variant, const Problem& problem, const std::string& device, std::string why) {
        workload_.left_out.push_back(left_out(variant, problem, device, options_, std::move(why)));
    }

    void add_cell(const TileChoice& choice, const Problem& problem, const DeviceInfo& device) {
        const auto tuning = choice.where.empty() ? std::nullopt : std::optional(choice.where);
        workload_.cells.push_back({choice.variant, &problem, &device, tuning});
        if (std::find(workload_.devices.begin(), workload_.devices.end(), &device) == workload_.devices.end())
            workload_.devices.push_back(&device);
    }

    Workload& workload_;
    const DeviceSet& devices_;
    std::vector<const DeviceInfo*> selected_;
    const SamplerOptions& options_;
    Choose choose_;
};

}  // namespace

std::vector<const DeviceInfo*> select_devices(const DeviceSet& devices, const std::vector<std::string>& patterns,
                                              bool timed) {
    std::vector<const DeviceInfo*> selected = devices.select(patterns);
    if (!timed) return selected;
    std::vector<const DeviceInfo*> kept;
    std::copy_if(selected.begin(), selected.end(), std::back_inserter(kept),
                 [](const DeviceInfo* device) { return !device->for_results_only; });
    if (kept.empty() && !selected.empty())
        throw BadInput(
            fmt::format("{} is for results only and is never timed; use stele verify", selected.front()->id));
    return kept;
}

OwnedProblem parse_problem(const std::string& text, const std::vector<const Operation*>& operations) {
    std::vector<OwnedProblem> readings;
    std::vector<std::string> complaints;
    for (const Operation* operation : operations) {
        try {
            readings.push_back({operation, operation->parse(text)});
        } catch (const ProblemError& error) {
            complaints.push_back(error.what());
        }
    }
    if (readings.empty()) throw ProblemError(fmt::format("{}", fmt::join(complaints, "\n       ")));
    if (readings.size() > 1) {
        std::vector<std::string> names;
        for (const OwnedProblem& reading : readings) names.emplace_back(reading.operation->name());
        throw ProblemError(
            fmt::format("'{}' is a problem of {}; name one of them as the GLOB", text, fmt::join(names, " and of ")));
    }
    return std::move(readings.front());
}

std::vector<OwnedProblem> select_problems(const std::vector<const Operation*>& operations, const Selection& selection,
                                          const std::vector<Suite>& suites) {
    std::vector<OwnedProblem> all;
    for (const std::string& text : selection.problems) all.push_back(parse_problem(text, operations));
    if (selection.problems.empty())
        for (const Operation* operation : operations)
            for (Suite suite : suites)
                for (auto& problem : problems(*operation, suite)) all.push_back({operation, std::move(problem)});
    // Suites may share a problem.
    std::vector<OwnedProblem> once;
    for (OwnedProblem& owned : all) {
        const auto same = [&](const OwnedProblem& other) {
            return other.operation == owned.operation && other.problem->id() == owned.problem->id();
        };
        if (std::none_of(once.begin(), once.end(), same)) once.push_back(std::move(owned));
    }
    return once;
}

Workload make_workload(const Registry& registry, const DeviceSet& devices, const Selection& selection,
                       const std::vector<Suite>& suites, const SamplerOptions& options, bool timed,
                       const TuningBook* tuning) {
    const std::vector<const Variant*> variants = registry.select(selection.globs);
    const std::vector<const DeviceInfo*> selected = select_devices(devices, selection.devices, timed);
    std::vector<OwnedProblem> problems = select_problems(registry.operations_of(variants), selection, suites);

    // Who names a tile means it.
    const bool tiles_are_meant = selection.names_tiles();
    const bool tiles_are_open = tuning != nullptr && !tiles_are_meant;
    const Environment environment = read_environment({});
    const auto choose = [&](const Variant& variant, const Problem& problem, const DeviceInfo& device) {
        if (variant.tile.empty()) return TileChoice{&variant, ""};
        if (!tiles_are_open)
            return TileChoice{tiles_are_meant ? &variant : &registry.default_on(variant, device, problem), ""};
        return tuning->choose(registry, variant, problem, device, identity_of(device, environment));
    };
    Workload workload;
    CellMaker maker(workload, devices, selected, options, choose);
    for (OwnedProblem& owned : problems) {
        const Problem& problem = *workload.problems.emplace_back(std::move(owned.problem));
        for (const Variant* variant : variants)
            if (variant->operation == owned.operation->name()) maker.add(*variant, problem);
    }
    return workload;
}

void give_up(Workload& workload, const DeviceInfo& device, const SamplerOptions& options, const std::string& reason) {
    for (const Cell& cell : workload.cells) {
        if (cell.device->id != device.id) continue;
        Measurement& lost = workload.left_out.emplace_back(blank_measurement(cell, options));
        lost.verdict.outcome = Outcome::error;
        lost.verdict.reason = reason;
    }
    std::erase_if(workload.cells, [&](const Cell& cell) { return cell.device->id == device.id; });
    std::erase_if(workload.devices, [&](const DeviceInfo* known) { return known->id == device.id; });
}

std::map<std::string, ClockCheck> check_clocks(CellRunner& runner, Workload& workload, const SamplerOptions& options) {
    std::map<std::string, ClockCheck> clocks;
    for (const DeviceInfo* device : std::vector(workload.devices)) try {
            clocks[device->id] = runner.check_clock(*device);
        } catch (const Interrupted&) {
            throw;
        } catch (const std::exception& error) {
            give_up(workload, *device, options, fmt::format("its clock cannot be checked: {}", error.what()));
        }
    return clocks;
}

}  // namespace stele
