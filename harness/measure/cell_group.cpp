#include "harness/measure/cell_group.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "harness/measure/roofline.hpp"
#include "harness/base/statistics.hpp"

namespace stele {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Tells whether two outputs are the same without keeping them (FNV-1a: Fowler, Noll and Vo), eight bytes at a time.
std::uint64_t fingerprint(const std::vector<Tensor>& tensors) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const Tensor& tensor : tensors)
        for (std::size_t at = 0; at < tensor.data.size(); at += sizeof(std::uint64_t)) {
            std::uint64_t word = 0;
            std::memcpy(&word, tensor.data.data() + at, std::min(sizeof word, tensor.data.size() - at));
            hash = (hash ^ word) * 0x100000001b3u;
        }
    return hash;
}

}  // namespace

CellState::CellState(std::size_t position, const Cell& given, const SamplerOptions& options)
    : index(position),
      cell(given),
      measurement(blank_measurement(*given.variant, *given.problem, given.device->info().id, options)) {
    measurement.tuning = given.tuning;
}

void CellState::fail(Outcome outcome, std::string reason) {
    measurement.verdict.outcome = outcome;
    measurement.verdict.reason = std::move(reason);
}

std::string CellState::title() const {
    return fmt::format("{} on {} ({})", measurement.variant, measurement.problem, measurement.device);
}

CellGroup::CellGroup(std::vector<CellState> cells, const SamplerOptions& options, const Watcher& watcher,
                     ReferenceCache& references)
    : cells_(std::move(cells)),
      options_(options),
      watcher_(watcher),
      references_(references),
      left_out_(cells_.size()) {}

void CellGroup::verify() {
    for (CellState& state : cells_) {
        if (watcher_.stop()) return;
        watcher_.progress("verifying " + state.title());
        check_first(state);
        ++reached_;
    }
}

void CellGroup::bench() {
    for (CellState& state : cells_) {
        if (watcher_.stop()) break;
        if (state.cell.device->info().for_results_only) {
            state.fail(Outcome::skipped, state.measurement.device + " is for results only, and is never timed");
        } else {
            watcher_.progress("verifying " + state.title());
            check_first(state);
        }
        ++reached_;
    }
    if (!watcher_.stop()) prepare_timers();
    if (options_.regime == Regime::sustained) warm_up();
    sample_in_rounds();
    for (CellState& state : cells_)
        if (state.passed()) finish(state);
}

void CellGroup::profile() {
    verify();
    for (std::size_t i = 0; i < reached_; ++i) {
        CellState& state = cells_[i];
        if (!state.passed()) continue;
        state.guarded([&] {
            watcher_.progress("profiling " + state.title());
            Device& device = *state.cell.device;
            Workspace& place = workspace(device);
            place.first().reset(*inputs());
            const std::vector<Launch> launches = state.plan->launches(place.first(), state.scratch);
            if (launches.empty()) return;
            device.run(launches);
            device.begin_range(state.title());
            state.guarded([&] { device.run(launches); });
            device.end_range();
        });
    }
}

void CellGroup::collect(std::vector<std::optional<Measurement>>& out) const {
    for (std::size_t i = 0; i < reached_; ++i)
        if (!left_out_[i]) out[cells_[i].index] = cells_[i].measurement;
}

ReferenceCache::Inputs CellGroup::inputs() {
    return references_.inputs(*cells_.front().cell.problem, options_.seed, options_.fill);
}

Workspace& CellGroup::workspace(Device& device) {
    auto& place = workspaces_[&device];
    if (!place) place = std::make_unique<Workspace>(device, *cells_.front().cell.problem);
    return *place;
}

void CellGroup::check_first(CellState& state) {
    const Cell& cell = state.cell;
    if (const Support support = cell.variant->supports(cell.device->info(), *cell.problem); !support) {
        state.fail(Outcome::skipped, support.why_not);
        return;
    }
    state.guarded([&] {
        Workspace& place = workspace(*cell.device);
        state.plan = std::make_unique<LoadedPlan>(*cell.device, *cell.variant, *cell.problem);
        if (!state.plan->ran().empty()) state.measurement.ran = state.plan->ran();
        state.scratch = place.scratch().take(state.plan->scratch_bytes());
        const CheckedRun run = check(state, options_.seed);
        state.measurement.verdict = run.verdict;
        state.first_launch_ns = run.host_ns;
        state.output_fingerprint = fingerprint(run.outputs);
    });
    if (!state.passed()) state.plan.reset();
}

CheckedRun CellGroup::check(CellState& state, std::uint64_t seed) {
    const Cell& cell = state.cell;
    const Arithmetic arithmetic = cell.variant->arithmetic_for(*cell.problem);
    return checked_run(*cell.device, *state.plan, workspace(*cell.device).first(), state.scratch,
                       {cell.problem, arithmetic, references_.inputs(*cell.problem, seed, options_.fill),
                        references_.expected(*cell.problem, seed, options_.fill, arithmetic),
                        options_.cell_timeout_seconds});
}

void CellGroup::prepare_timers() {
    std::vector<Device*> prepared;
    for (CellState& state : cells_) {
        if (!state.passed()) continue;
        state.guarded([&] {
            Workspace& place = workspace(*state.cell.device);
            if (std::find(prepared.begin(), prepared.end(), state.cell.device) == prepared.end()) {
                place.prepare(*inputs(), options_.cache);
                prepared.push_back(state.cell.device);
            }
            state.timer = std::make_unique<CellTimer>(place, *state.plan, state.scratch, options_);
            if (std::string why; !state.timer->choose_batch(why)) state.fail(Outcome::skipped, why);
        });
    }
}

std::vector<CellState*> CellGroup::active() {
    std::vector<CellState*> out;
    for (CellState& state : cells_)
        if (state.passed() && state.timer && !state.timer->done()) out.push_back(&state);
    return out;
}

/// Runs all cells in turn until the clocks have settled: less than 1 % between one second's mean and the next's,
/// where they can be read; at least warmup_seconds, at most six times that.
void CellGroup::warm_up() {
    constexpr double steady = 0.01;
    const auto start = Clock::now();
    double before = 0;
    bool settled = false;
    while (!active().empty() && !watcher_.stop()) {
        const double elapsed = seconds_since(start);
        if (elapsed >= options_.warmup_seconds && (settled || elapsed >= 6 * options_.warmup_seconds)) return;
        watcher_.progress(fmt::format("warming up, {:.0f} s", elapsed));
        double sum = 0;
        int read = 0;
        for (const auto second = Clock::now(); seconds_since(second) < std::min(1.0, options_.warmup_seconds);) {
            for (CellState* state : active()) {
                state->guarded([&] {
                    state->timer->execute();
                    if (const auto mhz = state->cell.device->clock().sm_mhz) {
                        sum += *mhz;
                        ++read;
                    }
                });
            }
            if (active().empty() || watcher_.stop()) break;
        }
        const double now = read == 0 ? 0 : sum / read;
        settled = read == 0 || std::abs(now - before) <= steady * now;
        before = now;
    }
}

void CellGroup::sample_in_rounds() {
    SeededDraws draws(options_.seed);
    for (std::uint32_t round = 0;; ++round) {
        std::vector<CellState*> order = active();
        if (order.empty()) return;
        watcher_.progress(fmt::format("{} {}: round {}, {} cells", order[0]->measurement.operation,
                                      order[0]->measurement.problem, round + 1, order.size()));
        draws.shuffle(order);
        for (CellState* state : order) {
            if (watcher_.stop()) {
                for (CellState* rest : active()) rest->timer->interrupt();
                return;
            }
            state->guarded([&] { state->timer->sample(round); });
        }
    }
}

/// The second check, on fresh inputs; then the floor; then the timing may stand.
void CellGroup::finish(CellState& state) {
    const std::size_t position = static_cast<std::size_t>(&state - cells_.data());
    if (!state.timer || state.timer->samples() == 0) {
        left_out_[position] = true;
        return;
    }
    if (state.timer->timed_out()) {
        state.fail(Outcome::timeout, fmt::format("one execution took longer than the {:.1f} s allowed",
                                                 options_.cell_timeout_seconds));
        return;
    }
    state.guarded([&] {
        const CheckedRun run = check(state, SeededDraws(options_.seed).bits());
        if (run.verdict.outcome != Outcome::passed) {
            const bool stale =
                !run.outputs.empty() && fingerprint(run.outputs) == state.output_fingerprint;
            state.measurement.verdict = run.verdict;
            state.measurement.verdict.reason =
                fmt::format("after timing, on fresh inputs: {}{}",
                            stale ? "the output is that of an earlier run, bit for bit; " : "", run.verdict.reason);
            return;
        }
        if (run.verdict.worst_of_bound > state.measurement.verdict.worst_of_bound)
            state.measurement.verdict = run.verdict;
    });
    if (state.passed()) keep_timing(state);
}

void CellGroup::keep_timing(CellState& state) {
    Timing timing = state.timer->timing();
    timing.first_launch_ns = state.first_launch_ns;
    const DeviceInfo& info = state.cell.device->info();
    const Floor floor = floor_of(*state.cell.problem, info, peaks(info, state.cell.problem->dtype()));
    timing.floor_ns = floor.ns;
    timing.floor_reason = floor.reason;
    if (timing.median_ns < floor.ns) {
        state.fail(Outcome::impossible, fmt::format("a median of {:.4g} µs is below the {:.4g} µs that {} takes at least",
                                                    timing.median_ns * 1e-3, floor.ns * 1e-3, floor.reason));
        return;
    }
    state.measurement.timing = std::move(timing);
}

}  // namespace stele
