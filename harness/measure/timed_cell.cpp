#include "harness/measure/timed_cell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "backends/host/cpu_state.hpp"
#include "harness/base/statistics.hpp"
#include "harness/base/stopwatch.hpp"
#include "harness/measure/merged_timing.hpp"

namespace stele {
namespace {

using Clock = std::chrono::steady_clock;

/// A sample shorter than this many steps of the clock says more about the clock than about the kernel.
constexpr double least_resolutions = 50;
constexpr std::uint32_t most_batch = 4096;

bool tells_nothing(const ClockState& state) {
    return !state.sm_mhz && !state.memory_mhz && !state.temperature_c && !state.power_w && !state.energy_mj &&
           state.throttle_reasons.empty();
}

}  // namespace

TimedCell::TimedCell(VerifiedCell verified, Workspace& workspace, const SamplerOptions& options)
    : verified_(std::move(verified)), workspace_(&workspace), options_(&options) {
    timing_.build_ns = verified_.plan.build_ns();
    timing_.first_launch_ns = verified_.first_launch_ns;
    timing_.rotations = workspace.rotations();
    timing_.evicted = workspace.evicts();
    timing_.footprint_bytes = static_cast<double>(workspace.first().bytes());
    for (const GuardedBuffer* buffer : verified_.scratch)
        timing_.footprint_bytes += static_cast<double>(buffer->bytes());
    choose_batch();
}

std::vector<Launch> TimedCell::batch_of(std::uint32_t batch) {
    std::vector<Launch> launches;
    for (std::uint32_t i = 0; i < batch; ++i)
        for (Launch& launch : verified_.plan.launches(workspace_->next(), verified_.scratch))
            launches.push_back(std::move(launch));
    return launches;
}

double TimedCell::batch_ns(std::uint32_t batch) {
    const std::vector<Launch> launches = batch_of(batch);
    return launches.empty() ? 0 : verified_.plan.nanoseconds(workspace_->device(), launches);
}

void TimedCell::choose_batch() {
    const double least = least_resolutions * workspace_->device().info().timer_resolution_ns;
    if (verified_.plan.launches(workspace_->first(), verified_.scratch).empty()) {
        throw NotTimeable("nothing to time: the output is empty");
    }
    // After an eviction each set is cold once.
    const std::uint32_t most = workspace_->evicts() ? workspace_->rotations() : most_batch;
    while (true) {
        const double ns = batch_ns(timing_.batch);
        watch(ns / timing_.batch);
        if (timed_out_) return;
        if (ns > options_->longest_timed_seconds * 1e9 * timing_.batch) {
            throw NotTimeable(fmt::format("one execution took {:.3g} s, longer than the {:.3g} s that are timed",
                                          ns * 1e-9 / timing_.batch, options_->longest_timed_seconds),
                              ns / timing_.batch);
        }
        if (ns >= least && ns > 0) return;
        if (timing_.batch == most) {
            throw NotTimeable(
                fmt::format(
                    "too short to be timed: {} executions take {:.0f} ns, and the clock's resolution of {:.0f} ns "
                    "asks for {:.0f} ns",
                    timing_.batch, ns, workspace_->device().info().timer_resolution_ns, least),
                ns / timing_.batch);
        }
        // A fifth more than just enough, as the next one may be shorter; eightfold while the clock has not moved at
        // all.
        const double factor = ns > 0 ? std::min(8.0, 1.2 * least / ns) : 8.0;
        timing_.batch = static_cast<std::uint32_t>(
            std::clamp(std::ceil(timing_.batch * factor), timing_.batch + 1.0, static_cast<double>(most)));
    }
}

Sample TimedCell::sample(std::uint32_t pass) {
    const auto start = Clock::now();
    if (workspace_->evicts()) device().evict_cache();
    if (options_->cache == CacheMode::warm)
        device().run(verified_.plan.launches(workspace_->first(), verified_.scratch));
    const std::optional<double> stolen_before = device().stolen_ms();
    const double ns = batch_ns(timing_.batch) / timing_.batch;
    if (!(ns > 0)) throw std::runtime_error("the device's clock did not move while a sample was taken");
    timing_.samples_ns.push_back(ns);
    timing_.pass.push_back(pass);
    timing_.clock.push_back(device().clock());
    stolen_ms_.push_back(device().stolen_ms().value_or(0) - stolen_before.value_or(0));
    tells_stolen_ = stolen_before.has_value();
    sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), ns), ns);
    watch(ns);
    seconds_ += seconds_since(start);
    decide();
    return {ns, pass, timing_.clock.back(), stolen_ms_.back()};
}

void TimedCell::measure_energy() {
    if (failure_ || timed_out_ || samples() == 0 || !device().clock().energy_mj) return;
    // A second and more, as the counter moves a few times in one; queued in pieces, so that the device never waits.
    constexpr double least_seconds = 1, piece_seconds = 0.1;
    const auto most = static_cast<double>(most_batch);
    const auto piece = static_cast<std::uint32_t>(std::clamp(piece_seconds * 1e9 / median(sorted_), 1.0, most));
    std::vector<Launch> launches = batch_of(piece);
    device().run(launches);
    EnergyUse use;
    const double before = device().clock().energy_mj.value_or(0);
    const auto start = Clock::now();
    while ((use.seconds = seconds_since(start)) < least_seconds) {
        device().run(launches);
        use.executions += piece;
    }
    use.joules = (device().clock().energy_mj.value_or(0) - before) * 1e-3;
    timing_.energy = use;
}

void TimedCell::decide() {
    const std::size_t count = sorted_.size();
    const bool enough = count >= options_->least_samples;
    const Interval interval = median_interval(sorted_);
    const double centre = median(sorted_);
    const bool narrow = interval.coverage >= 0.95 && interval.low >= centre * (1 - options_->interval) &&
                        interval.high <= centre * (1 + options_->interval);
    constexpr double patience = 4;  // for cells too slow to have their least samples in time
    if (enough && narrow) {
        stopped_by_ = StoppedBy::interval;
    } else if (count >= options_->most_samples) {
        stopped_by_ = StoppedBy::sample_limit;
    } else if ((enough && seconds_ >= options_->cell_seconds) || seconds_ >= patience * options_->cell_seconds) {
        stopped_by_ = StoppedBy::time_limit;
    }
}

void TimedCell::watch(double execution_ns) {
    const double limit = execution_limit_seconds(*verified_.cell.problem, workspace_->device().info(), *options_);
    timed_out_ = timed_out_ || execution_ns > limit * 1e9;
}

void TimedCell::interrupt() {
    if (!done()) stopped_by_ = StoppedBy::interrupted;
}

Timing TimedCell::timing() const {
    Timing out = timing_;
    out.stopped_by = stopped_by_.value_or(StoppedBy::interrupted);
    out.round.assign(out.samples_ns.size(), 0);
    summarise(out);
    if (std::all_of(out.clock.begin(), out.clock.end(), tells_nothing)) out.clock.clear();
    const double stolen_ms = std::accumulate(stolen_ms_.begin(), stolen_ms_.end(), 0.0);
    if (stolen_ms > 0) out.stolen_ms = stolen_ms_;
    if (tells_stolen_) out.cpu = CpuState{read_cpu_mhz(), read_load(), stolen_ms};
    return out;
}

}  // namespace stele
