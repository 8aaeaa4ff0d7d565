#include "harness/record/report_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "harness/base/json_fields.hpp"
#include "harness/base/statistics.hpp"
#include "harness/record/ceiling.hpp"

namespace stele {

namespace {

using json_fields::fail;

/// Shorter than a picosecond or longer than thirty years no execution is, in nanoseconds; with counts of at most so
/// much no rate overflows.
constexpr double least_ns = 1e-3, most_ns = 1e18, most_count = 1e30;

void check_time(double ns, const std::string& path) {
    if (!(ns >= least_ns && ns <= most_ns)) fail(path, fmt::format("is {}, and must be a positive time in ns", ns));
}

void check_amount(double value, const std::string& path, double most = most_count) {
    if (!(value >= 0 && value <= most)) fail(path, fmt::format("is {}, and must be from 0 to {}", value, most));
}

/// Both were computed from the same numbers, perhaps in another order of additions.
void check_derived(double stated, double computed, const std::string& path, const std::string& from) {
    if (!(std::abs(stated - computed) <= 1e-9 * std::abs(computed)))
        fail(path, fmt::format("is {}, and {} {}", stated, from, computed));
}

void check_passes(const Timing& timing, const std::string& path) {
    const std::size_t samples = timing.samples_ns.size();
    if (timing.pass.size() != samples)
        fail(path + ".pass", fmt::format("has {} entries for {} samples", timing.pass.size(), samples));
    if (timing.round.size() != samples)
        fail(path + ".round", fmt::format("has {} entries for {} samples", timing.round.size(), samples));
    const std::size_t rounds = std::size_t{1} + *std::ranges::max_element(timing.round);
    if (timing.rounds != rounds)
        fail(path + ".rounds", fmt::format("is {}, and the last of round makes them {}", timing.rounds, rounds));
    const std::size_t passes = std::size_t{1} + *std::ranges::max_element(timing.pass);
    if (timing.passes != passes)
        fail(path + ".passes", fmt::format("is {}, and the last of pass makes them {}", timing.passes, passes));
    if (passes > samples) fail(path + ".passes", fmt::format("is {}, more than the {} samples", passes, samples));
    if (!timing.clock.empty() && timing.clock.size() != samples)
        fail(path + ".clock", fmt::format("has {} entries for {} samples", timing.clock.size(), samples));
}

void check_timing(const Timing& timing, const std::string& path) {
    if (timing.samples_ns.empty()) fail(path + ".samples_ns", "is empty");
    for (std::size_t i = 0; i < timing.samples_ns.size(); ++i)
        if (const double ns = timing.samples_ns[i]; !(ns >= least_ns && ns <= most_ns))
            check_time(ns, fmt::format("{}.samples_ns[{}]", path, i));
    check_passes(timing, path);
    if (timing.batch == 0) fail(path + ".batch", "is 0, and must be at least 1");
    if (timing.rotations == 0) fail(path + ".rotations", "is 0, and must be at least 1");

    std::vector<double> sorted = timing.samples_ns;
    std::ranges::sort(sorted);
    const Interval interval = median_interval(sorted);
    check_derived(timing.median_ns, median(sorted), path + ".median_ns", "the samples' median is");
    check_derived(timing.low_ns, interval.low, path + ".low_ns", "by the samples it is");
    check_derived(timing.high_ns, interval.high, path + ".high_ns", "by the samples it is");
    check_derived(timing.coverage, interval.coverage, path + ".coverage", "by the number of samples it is");

    check_amount(timing.build_ns, path + ".build_ns", most_ns);
    check_amount(timing.first_launch_ns, path + ".first_launch_ns", most_ns);
    check_amount(timing.floor_ns, path + ".floor_ns", most_ns);
    check_amount(timing.footprint_bytes, path + ".footprint_bytes");
    if (timing.stolen_ms && timing.stolen_ms->size() != timing.samples_ns.size())
        fail(path + ".stolen_ms",
             fmt::format("has {} entries for {} samples", timing.stolen_ms->size(), timing.samples_ns.size()));
    if (const auto& energy = timing.energy) {
        check_time(energy->seconds * 1e9, path + ".energy.seconds");
        check_amount(energy->joules, path + ".energy.joules");
        if (energy->executions == 0) fail(path + ".energy.executions", "is 0, and must be at least 1");
    }
    if (timing.median_ns < timing.floor_ns)
        fail(path + ".median_ns", fmt::format("is {}, below its floor_ns of {}", timing.median_ns, timing.floor_ns));
}

void check_fraction(const Measurement& cell, const std::string& path) {
    const Timing& timing = *cell.timing;
    if (timing.ceiling.has_value() != timing.fraction_of_peak.has_value())
        fail(path + (timing.ceiling ? ".ceiling" : ".fraction_of_peak"), "stands alone; it is a fraction of a ceiling");
    if (!timing.ceiling) return;
    if (const double rate = timing.ceiling->per_second; !(rate > 0 && rate <= most_count))
        fail(path + ".ceiling.per_second", fmt::format("is {}, and must be a rate", rate));
    const double seconds = counted(cell, *timing.ceiling) / timing.ceiling->per_second;
    check_derived(*timing.fraction_of_peak, seconds * 1e9 / timing.median_ns, path + ".fraction_of_peak",
                  "by its ceiling it is");
}

void check_noise(const Report& report) {
    if (!report.noise_floors) return;
    for (const auto& [device, floors] : *report.noise_floors)
        for (std::size_t i = 0; i < floors.size(); ++i) {
            const std::string path = fmt::format("noise_floors.{}[{}]", device, i);
            if (floors[i].rounds == 0) fail(path + ".rounds", "is 0, and must be at least 1");
            check_amount(floors[i].floor, path + ".floor");
            check_amount(floors[i].false_alarms, path + ".false_alarms", 1);
        }
}

void check_verdict(const Verdict& verdict, const std::string& path) {
    const bool passed = verdict.outcome == Outcome::passed;
    if (passed != verdict.reason.empty())
        fail(path + ".reason", passed ? "stands beside the outcome 'passed'" : "is empty");
    if (!passed) return;
    check_amount(verdict.worst_of_bound, path + ".worst_of_bound", 1);
    check_amount(verdict.max_absolute, path + ".max_absolute", std::numeric_limits<double>::max());
    check_amount(verdict.max_relative, path + ".max_relative", std::numeric_limits<double>::max());
    check_amount(verdict.rms, path + ".rms", std::numeric_limits<double>::max());
}

/// Operations count the work of their problems; who reads many cells of one problem counts once.
class Counts {
public:
    void check(const Measurement& cell, const std::string& path) {
        for (const auto& [field, value] :
             {std::pair{"flops", cell.flops}, {"bytes", cell.bytes}, {"dense_flops", cell.dense_flops}})
            if (!(value >= 0 && value <= most_count))
                fail(fmt::format("{}.{}", path, field), fmt::format("is {}, and must be a count", value));
        // Of a problem that did not fit into memory there is no count, where it was skipped and where it is read.
        const bool uncounted = cell.verdict.outcome == Outcome::skipped && cell.flops == 0 && cell.bytes == 0;
        const Problem* problem = problem_of(cell);
        if (uncounted || problem == nullptr || !problem->why_not_made().empty()) return;
        check_derived(cell.flops, problem->flops(), path + ".flops", "its problem has");
        check_derived(cell.bytes, problem->bytes(), path + ".bytes", "its problem has");
        check_derived(cell.dense_flops, problem->dense_flops(), path + ".dense_flops", "its problem has");
        if (cell.dtype != problem->dtype())
            fail(path + ".dtype",
                 fmt::format("is '{}', and its problem's '{}'", name(cell.dtype), name(problem->dtype())));
    }

private:
    /// Null: an operation or a text that this stele does not know.
    const Problem* problem_of(const Measurement& cell) {
        const auto [place, is_new] = problems_.try_emplace({cell.operation, cell.problem});
        if (is_new) place->second = parsed(cell);
        return place->second.get();
    }

    static std::unique_ptr<Problem> parsed(const Measurement& cell) try {
        for (const auto& operation : all_operations())
            if (operation->name() == cell.operation) return operation->parse(cell.problem);
        return nullptr;
    } catch (const ProblemError&) {
        return nullptr;
    }

    std::map<std::pair<std::string, std::string>, std::unique_ptr<Problem>> problems_;
};

void check_place(const Measurement& cell, const std::set<std::string>& devices, const std::string& path) {
    if (!devices.contains(cell.device))
        fail(path + ".device", fmt::format("is '{}', which is not in devices", cell.device));
    if (cell.device.empty() && cell.verdict.outcome != Outcome::skipped)
        fail(path + ".device", "is empty, so the outcome must be skipped");
}

void check_times(const Measurement& cell, const std::string& path) {
    const bool passed = cell.verdict.outcome == Outcome::passed;
    if (cell.timing && !passed)
        fail(path + ".timing",
             fmt::format("stands beside the outcome '{}'; only what passed has a time", name(cell.verdict.outcome)));
    if (cell.untimed && (!passed || cell.timing))
        fail(path + ".untimed", cell.timing ? "stands beside a timing"
                                            : fmt::format("stands beside the outcome '{}'; only what passed has one",
                                                          name(cell.verdict.outcome)));
    if (cell.timing) check_timing(*cell.timing, path + ".timing");
    if (cell.untimed) check_amount(cell.untimed->execution_ns, path + ".untimed.execution_ns", most_ns);
    if (cell.untimed && cell.untimed->reason.empty()) fail(path + ".untimed.reason", "is empty");
}

}  // namespace

void check_meaning(const Report& report) {
    std::set<std::string> devices{""};
    for (const DeviceInfo& device : report.devices) devices.insert(device.id);
    for (const auto& [device, clock] : report.clocks) {
        check_amount(clock.device_ns, fmt::format("clocks.{}.device_ns", device), most_ns);
        check_amount(clock.host_ns, fmt::format("clocks.{}.host_ns", device), most_ns);
        check_amount(clock.resolution_ns, fmt::format("clocks.{}.resolution_ns", device), most_ns);
        check_amount(clock.overhead_ns, fmt::format("clocks.{}.overhead_ns", device), most_ns);
        check_amount(clock.host_overhead_ns.value_or(0), fmt::format("clocks.{}.host_overhead_ns", device), most_ns);
    }
    check_noise(report);
    Counts counts;
    for (std::size_t i = 0; i < report.measurements.size(); ++i) {
        const Measurement& cell = report.measurements[i];
        const std::string path = fmt::format("measurements[{}]", i);
        check_place(cell, devices, path);
        check_verdict(cell.verdict, path + ".verdict");
        check_times(cell, path);
        counts.check(cell, path);
        // By counts that are right.
        if (cell.timing) check_fraction(cell, path + ".timing");
    }
}

}  // namespace stele
