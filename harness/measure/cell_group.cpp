#include "harness/measure/cell_group.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "backends/host/cpu_state.hpp"
#include "harness/base/statistics.hpp"
#include "harness/base/stopwatch.hpp"

namespace stele {
namespace {

using Clock = std::chrono::steady_clock;

std::optional<double> mhz_of(Device& device) { return device.info().is_cpu ? read_cpu_mhz() : device.clock().sm_mhz; }

/// Runs `work`; what it throws is what the cell ends with.
template <typename F>
void guarded(TimedCell& cell, const RunnerEvents& events, F&& work) {
    try {
        work();
    } catch (const std::exception& error) {
        cell.fail(verdict_of(error));
        events.failed(cell.verified().index, *cell.failure());
    }
}

}  // namespace

std::vector<TimedCell*> CellGroup::active() {
    std::vector<TimedCell*> out;
    for (TimedCell& cell : cells_)
        if (!cell.done()) out.push_back(&cell);
    return out;
}

void CellGroup::warm_up() {
    constexpr double steady = 0.01;
    const auto start = Clock::now();
    double before = 0;
    bool settled = false;
    while (!active().empty() && !events_.stop()) {
        const double elapsed = seconds_since(start);
        if (elapsed >= options_.warmup_seconds && (settled || elapsed >= 6 * options_.warmup_seconds)) return;
        double sum = 0;
        int read = 0;
        for (const auto second = Clock::now(); seconds_since(second) < std::min(1.0, options_.warmup_seconds);) {
            for (TimedCell* cell : active()) {
                events_.about_to({Phase::warm_up, cell->verified().index, 0, active().size(), elapsed});
                guarded(*cell, events_, [&] {
                    cell->execute();
                    if (const auto mhz = mhz_of(cell->device())) {
                        sum += *mhz;
                        ++read;
                    }
                });
            }
            if (active().empty() || events_.stop()) break;
        }
        const double now = read == 0 ? 0 : sum / read;
        settled = read == 0 || std::abs(now - before) <= steady * now;
        before = now;
    }
}

void CellGroup::sample_in_passes() {
    SeededDraws draws(options_.seed + 0x9e3779b97f4a7c15u * options_.round);
    for (std::uint32_t pass = 0;; ++pass) {
        std::vector<TimedCell*> order = active();
        if (order.empty()) return;
        draws.shuffle(order);
        for (TimedCell* cell : order) {
            if (events_.stop()) {
                for (TimedCell* rest : active()) rest->interrupt();
                return;
            }
            events_.about_to({Phase::sample, cell->verified().index, pass, order.size(), 0});
            guarded(*cell, events_, [&] { events_.sampled(cell->verified().index, cell->sample(pass)); });
        }
    }
}

void CellGroup::measure_energy() {
    for (TimedCell& cell : cells_) {
        if (events_.stop()) return;
        events_.about_to({Phase::measure_energy, cell.verified().index});
        guarded(cell, events_, [&] { cell.measure_energy(); });
    }
}

}  // namespace stele
