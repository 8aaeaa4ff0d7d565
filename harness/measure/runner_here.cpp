#include "harness/measure/runner_here.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/measure/cell_group.hpp"
#include "harness/measure/roofline.hpp"
#include "harness/measure/timed_cell.hpp"
#include "harness/measure/verified_cell.hpp"
#include "harness/record/cell_key.hpp"

namespace stele {
namespace {

/// The figures of a check, with another outcome.
Verdict but(Verdict verdict, Outcome outcome, std::string reason) {
    verdict.outcome = outcome;
    verdict.reason = std::move(reason);
    return verdict;
}

/// The work on one problem's cells.
class ProblemWork {
public:
    ProblemWork(std::span<const Cell> cells, const SamplerOptions& options, const RunnerEvents& events,
                OpenDevices& devices, ReferenceCache& references)
        : cells_(cells),
          options_(options),
          events_(events),
          place_(*cells.front().problem, options, devices, references,
                 [&](Phase phase, std::size_t cell) { events.about_to({phase, cell}); }),
          ran_(cells.size()) {}

    void verify();
    void bench();
    void profile();

private:
    FirstRun first_run(std::size_t index);
    void finish(std::size_t index, Verdict verdict, std::optional<Timing> timing = {},
                std::optional<Untimed> untimed = {});
    /// Verifies the cells in turn, finishes those that do not pass, and returns the others.
    std::vector<VerifiedCell> verified(bool timed);
    std::vector<TimedCell> prepared(std::vector<VerifiedCell> verified);
    void finish_timed(const TimedCell& cell);
    void profile(VerifiedCell& cell);

    std::span<const Cell> cells_;
    const SamplerOptions& options_;
    const RunnerEvents& events_;
    ProblemPlace place_;
    std::vector<std::string> ran_;  ///< by cell: what a plan that chooses took
};

FirstRun ProblemWork::first_run(std::size_t index) {
    FirstRun run = place_.first_run(cells_[index], index);
    // Who ends a run ends the compilers that a driver started too, which the driver tells as an error of the kernel.
    if (run.verdict.outcome == Outcome::error && events_.stop())
        run.verdict = but(run.verdict, Outcome::skipped, "interrupted: " + run.verdict.reason);
    ran_[index] = run.ran;
    return run;
}

void ProblemWork::finish(std::size_t index, Verdict verdict, std::optional<Timing> timing,
                         std::optional<Untimed> untimed) {
    Measurement measurement = blank_measurement(cells_[index], options_);
    measurement.verdict = std::move(verdict);
    measurement.timing = std::move(timing);
    measurement.untimed = std::move(untimed);
    if (!ran_[index].empty()) measurement.ran = ran_[index];
    events_.finished(index, std::move(measurement));
}

std::vector<VerifiedCell> ProblemWork::verified(bool timed) {
    std::vector<VerifiedCell> out;
    for (std::size_t i = 0; i < cells_.size() && !events_.stop(); ++i) {
        const DeviceInfo& device = *cells_[i].device;
        if (timed && device.for_results_only) {
            finish(i, but({}, Outcome::skipped, device.id + " is for results only, and is never timed"));
            continue;
        }
        FirstRun run = first_run(i);
        if (run.verified)
            out.push_back(std::move(*run.verified));
        else
            finish(i, std::move(run.verdict));
    }
    return out;
}

void ProblemWork::verify() {
    for (std::size_t i = 0; i < cells_.size() && !events_.stop(); ++i) {
        finish(i, first_run(i).verdict);
    }
}

std::vector<TimedCell> ProblemWork::prepared(std::vector<VerifiedCell> verified) {
    std::vector<Device*> prepared;
    std::vector<TimedCell> out;
    for (VerifiedCell& cell : verified) {
        const std::size_t index = cell.index;
        const Verdict verdict = cell.verdict;
        events_.about_to({Phase::prepare, index});
        try {
            Device* device = cell.device;
            Workspace& workspace = place_.workspace(*device);
            if (std::find(prepared.begin(), prepared.end(), device) == prepared.end()) {
                workspace.prepare(*place_.inputs(), options_.cache);
                prepared.push_back(device);
            }
            out.emplace_back(std::move(cell), workspace, options_);
        } catch (const NotTimeable& why) {
            finish(index, verdict, {}, why.untimed());
        } catch (const std::exception& error) {
            finish(index, verdict_of(error));
        }
    }
    return out;
}

void ProblemWork::bench() {
    std::vector<VerifiedCell> right = verified(true);
    if (events_.stop()) return;
    std::vector<TimedCell> cells = prepared(std::move(right));
    CellGroup group(cells, options_, events_);
    if (options_.regime == Regime::sustained) group.warm_up();
    group.sample_in_passes();
    if (options_.energy) group.measure_energy();
    for (const TimedCell& cell : cells) finish_timed(cell);
}

/// The second check, on fresh inputs; then the floor; then the timing may stand.
void ProblemWork::finish_timed(const TimedCell& cell) {
    const VerifiedCell& verified = cell.verified();
    const std::size_t index = verified.index;
    if (cell.failure()) return finish(index, *cell.failure());
    if (cell.timed_out())
        return finish(
            index, but(verified.verdict, Outcome::timeout,
                       fmt::format("one execution took longer than the {:.1f} s allowed",
                                   execution_limit_seconds(*verified.cell.problem, cell.device().info(), options_))));
    if (cell.samples() == 0) return;
    Verdict verdict = place_.check_again(verified);
    if (verdict.outcome != Outcome::passed) return finish(index, std::move(verdict));

    Timing timing = cell.timing();
    const DeviceInfo& info = cell.device().info();
    const Problem& problem = *verified.cell.problem;
    const Floor floor = floor_of(problem, info, peaks(info, problem.dtype()));
    timing.floor_ns = floor.ns;
    timing.floor_reason = floor.reason;
    if (timing.median_ns < floor.ns)
        return finish(index, but(std::move(verdict), Outcome::impossible,
                                 fmt::format("a median of {:.4g} µs is below the {:.4g} µs that {} takes at least",
                                             timing.median_ns * 1e-3, floor.ns * 1e-3, floor.reason)));
    finish(index, std::move(verdict), std::move(timing));
}

void ProblemWork::profile(VerifiedCell& verified) try {
    const Cell& cell = verified.cell;
    Device& device = *verified.device;
    TensorSet& tensors = place_.workspace(device).first();
    tensors.reset(*place_.inputs());
    const std::vector<Launch> launches = verified.plan.launches(tensors, verified.scratch);
    if (launches.empty()) return;
    device.run(launches);
    device.begin_range(cell_title(cell.variant->id(), cell.problem->id(), device.info().id));
    try {
        device.run(launches);
    } catch (const std::exception& error) {
        verified.verdict = verdict_of(error);
    }
    device.end_range();
} catch (const std::exception& error) {
    verified.verdict = verdict_of(error);
}

void ProblemWork::profile() {
    for (VerifiedCell& cell : verified(false)) {
        events_.about_to({Phase::profile, cell.index});
        profile(cell);
        finish(cell.index, cell.verdict);
    }
}

}  // namespace

ClockCheck RunnerHere::check_clock(const DeviceInfo& device) { return devices_.open(device).check_clock(); }

GivenRun RunnerHere::run_given(const Cell& cell, const Given& given, const SamplerOptions& options,
                               const RunnerEvents& events) {
    ProblemPlace place(*cell.problem, options, devices_, references_,
                       [&](Phase phase, std::size_t index) { events.about_to({phase, index}); });
    FirstRun run = place.first_run(cell, given);
    GivenRun out{blank_measurement(cell, options), std::move(run.outputs)};
    out.measurement.verdict = std::move(run.verdict);
    if (!run.ran.empty()) out.measurement.ran = std::move(run.ran);
    return out;
}

void RunnerHere::run(Work work, std::span<const Cell> cells, const SamplerOptions& options,
                     const RunnerEvents& events) {
    ProblemWork here(cells, options, events, devices_, references_);
    switch (work) {
        case Work::verify:
            return here.verify();
        case Work::bench:
            return here.bench();
        case Work::profile:
            return here.profile();
    }
}

}  // namespace stele
