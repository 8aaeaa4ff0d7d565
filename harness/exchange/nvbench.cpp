#include "harness/exchange/nvbench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "harness/base/json_document.hpp"
#include "harness/exchange/exported_cells.hpp"
#include "harness/record/conditions.hpp"

namespace stele {

namespace {

using Json = nlohmann::ordered_json;

/// NVBench gives no noise of fewer samples.
constexpr std::size_t least_for_noise = 5;

Json nvbench_data(const char* type, Json value) {
    return Json::array({{{"name", "value"}, {"type", type}, {"value", std::move(value)}}});
}

/// Numbers are texts there, so that none loses digits; an unknown one is null.
Json nvbench_summary(const char* tag, const char* title, const char* hint, std::optional<double> value) {
    return {{"tag", tag},
            {"name", title},
            {"hint", hint},
            {"data", nvbench_data("float64", value ? Json(fmt::to_string(*value)) : Json())}};
}

/// In Hz, over the samples whose clock is known.
std::optional<double> mean_clock(const Timing& timing) {
    double sum = 0, known = 0;
    for (const ClockState& clock : timing.clock) {
        if (!clock.sm_mhz) continue;
        sum += *clock.sm_mhz * 1e6;
        ++known;
    }
    return known > 0 ? std::optional(sum / known) : std::nullopt;
}

Json nvbench_summaries(const Timing& timing) {
    std::vector<double> seconds;
    for (const double ns : timing.samples_ns) seconds.push_back(ns * 1e-9);
    std::ranges::sort(seconds);
    const auto count = static_cast<double>(seconds.size());
    const double mean = std::accumulate(seconds.begin(), seconds.end(), 0.0) / count;
    double squares = 0;
    for (const double sample : seconds) squares += (sample - mean) * (sample - mean);
    // A quartile is the sample of the nearest rank.
    const auto rank = [&](double part) { return seconds[static_cast<std::size_t>(std::lround(part * (count - 1)))]; };
    const double first = rank(0.25), median = timing.median_ns * 1e-9, third = rank(0.75);
    std::optional<double> deviation, range;
    if (seconds.size() >= least_for_noise) {
        deviation = std::sqrt(squares / (count - 1));
        range = third - first;
    }
    const auto of = [](std::optional<double> spread, double centre) {
        return spread ? std::optional(*spread / centre) : std::nullopt;
    };
    Json summaries{{{"tag", "nv/cold/sample_size"},
                    {"name", "Samples"},
                    {"hint", "sample_size"},
                    {"data", nvbench_data("int64", fmt::to_string(seconds.size()))}},
                   nvbench_summary("nv/cold/time/gpu/min", "Min GPU Time", "duration", seconds.front()),
                   nvbench_summary("nv/cold/time/gpu/max", "Max GPU Time", "duration", seconds.back()),
                   nvbench_summary("nv/cold/time/gpu/mean", "GPU Time", "duration", mean),
                   nvbench_summary("nv/cold/time/gpu/stdev/absolute", "Noise", "duration", deviation),
                   nvbench_summary("nv/cold/time/gpu/stdev/relative", "Noise", "percentage", of(deviation, mean)),
                   nvbench_summary("nv/cold/time/gpu/q1", "Q1 GPU Time", "duration", first),
                   nvbench_summary("nv/cold/time/gpu/median", "Median GPU Time", "duration", median),
                   nvbench_summary("nv/cold/time/gpu/q3", "Q3 GPU Time", "duration", third),
                   nvbench_summary("nv/cold/time/gpu/iqr/absolute", "IQR", "duration", range),
                   nvbench_summary("nv/cold/time/gpu/iqr/relative", "Rel IQR", "percentage", of(range, median))};
    if (const auto clock = mean_clock(timing))
        summaries.push_back(nvbench_summary("nv/cold/sm_clock_rate/mean", "Clock Rate", "frequency", clock));
    return summaries;
}

Json nvbench_state(const Measurement& cell, std::size_t device) {
    Json state{{"name", fmt::format("Device={} Problem={}", device, cell.problem)},
               {"device", device},
               {"type_config_index", 0},
               {"axis_values", Json::array({{{"name", "Problem"}, {"type", "string"}, {"value", cell.problem}}})},
               {"summaries", cell.timing ? nvbench_summaries(*cell.timing) : Json::array()},
               {"is_skipped", !cell.timing}};
    if (!cell.timing)
        state["skip_reason"] = cell.untimed ? cell.untimed->reason
                                            : fmt::format("{}: {}", name(cell.verdict.outcome), cell.verdict.reason);
    return state;
}

/// NVBench's devices are numbers: the places of ours in the report.
Json nvbench_devices(const Report& report) {
    Json devices = Json::array();
    for (std::size_t i = 0; i < report.devices.size(); ++i) {
        const DeviceInfo& device = report.devices[i];
        devices.push_back({{"id", i},
                           {"name", device.name},
                           {"sm_version", device.compute_capability * 10},
                           {"number_of_sms", device.compute_units},
                           {"max_threads_per_block", device.max_threads_per_block},
                           {"global_memory_size", device.global_bytes},
                           {"l2_cache_size", device.cache_bytes},
                           {"shared_memory_per_block", device.shared_bytes_per_block}});
    }
    return devices;
}

}  // namespace

std::string nvbench_json(const NamedReport& named) {
    timed_cells(named);
    const Report& report = named.report;
    Json benchmarks = Json::array();
    std::map<std::string, std::size_t> position;  // of each benchmark, by its name
    for (const Measurement& cell : report.measurements) {
        if (cell.device.empty()) continue;
        const auto device = static_cast<std::size_t>(std::ranges::find(report.devices, cell.device, &DeviceInfo::id) -
                                                     report.devices.begin());
        const std::string title = fmt::format("{}/{}{}", cell.variant, cell.device, unusual_conditions(cell));
        const auto [found, is_new] = position.try_emplace(title, benchmarks.size());
        if (is_new)
            benchmarks.push_back(
                {{"name", title},
                 {"index", benchmarks.size()},
                 {"devices", Json::array({device})},
                 {"axes",
                  Json::array({{{"name", "Problem"}, {"type", "string"}, {"flags", ""}, {"values", Json::array()}}})},
                 {"states", Json::array()}});
        Json& benchmark = benchmarks[found->second];
        benchmark["axes"][0]["values"].push_back(
            {{"input_string", cell.problem}, {"description", ""}, {"value", cell.problem}});
        benchmark["states"].push_back(nvbench_state(cell, device));
    }
    const Json version{{"major", 1}, {"minor", 0}, {"patch", 0}, {"string", "1.0.0"}};
    return dump({{"meta", {{"argv", report.environment.command_line}, {"version", {{"json", version}}}}},
                 {"devices", nvbench_devices(report)},
                 {"benchmarks", benchmarks}});
}

}  // namespace stele
