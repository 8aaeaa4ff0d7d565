// The fields of a report's JSON, listed once: the writer and the reader both walk this list.
#pragma once

#include <type_traits>

#include "harness/record/measurement.hpp"

namespace stele {

template <typename T, typename U>
concept same_but_const = std::is_same_v<std::remove_const_t<T>, U>;

// visit_fields(visit, value) calls visit(field name, member) for each field, in the order of the file.

template <typename Visit, same_but_const<DeviceInfo> T>
void visit_fields(Visit& visit, T& device) {
    visit("id", device.id);
    visit("backend", device.backend);
    visit("name", device.name);
    visit("vendor", device.vendor);
    visit("platform", device.platform);
    visit("driver", device.driver);
    visit("architecture", device.architecture);
    visit("is_cpu", device.is_cpu);
    visit("compute_capability", device.compute_capability);
    visit("compute_units", device.compute_units);
    visit("warp_size", device.warp_size);
    visit("vector_floats", device.vector_floats);
    visit("max_threads_per_block", device.max_threads_per_block);
    visit("global_bytes", device.global_bytes);
    visit("max_allocation_bytes", device.max_allocation_bytes);
    visit("cache_bytes", device.cache_bytes);
    visit("shared_bytes_per_block", device.shared_bytes_per_block);
    visit("timer_resolution_ns", device.timer_resolution_ns);
    visit("for_results_only", device.for_results_only);
    visit("features", device.features);
    visit("languages", device.languages);
}

template <typename Visit, same_but_const<ClockState> T>
void visit_fields(Visit& visit, T& clock) {
    visit("sm_mhz", clock.sm_mhz);
    visit("memory_mhz", clock.memory_mhz);
    visit("temperature_c", clock.temperature_c);
    visit("power_w", clock.power_w);
    visit("energy_mj", clock.energy_mj);
    visit("throttle_reasons", clock.throttle_reasons);
}

template <typename Visit, same_but_const<ClockCheck> T>
void visit_fields(Visit& visit, T& check) {
    visit("device_ns", check.device_ns);
    visit("host_ns", check.host_ns);
    visit("resolution_ns", check.resolution_ns);
    visit("overhead_ns", check.overhead_ns);
    visit("host_overhead_ns", check.host_overhead_ns);
}

template <typename Visit, same_but_const<Verdict> T>
void visit_fields(Visit& visit, T& verdict) {
    visit("outcome", verdict.outcome);
    visit("reason", verdict.reason);
    visit("max_absolute", verdict.max_absolute);
    visit("max_relative", verdict.max_relative);
    visit("rms", verdict.rms);
    visit("worst_of_bound", verdict.worst_of_bound);
    visit("worst_tensor", verdict.worst_tensor);
    visit("worst_index", verdict.worst_index);
    visit("worst_expected", verdict.worst_expected);
    visit("worst_got", verdict.worst_got);
    visit("nonfinite", verdict.nonfinite);
}

template <typename Visit, same_but_const<CpuState> T>
void visit_fields(Visit& visit, T& cpu) {
    visit("mhz", cpu.mhz);
    visit("load", cpu.load);
    visit("stolen_ms", cpu.stolen_ms);
}

template <typename Visit, same_but_const<EnergyUse> T>
void visit_fields(Visit& visit, T& energy) {
    visit("seconds", energy.seconds);
    visit("joules", energy.joules);
    visit("executions", energy.executions);
}

template <typename Visit, same_but_const<Ceiling> T>
void visit_fields(Visit& visit, T& ceiling) {
    visit("name", ceiling.name);
    visit("counted", ceiling.counted);
    visit("dtype", ceiling.dtype);
    visit("per_second", ceiling.per_second);
}

template <typename Visit, same_but_const<NoiseFloor> T>
void visit_fields(Visit& visit, T& noise) {
    visit("kind", noise.kind);
    visit("rounds", noise.rounds);
    visit("floor", noise.floor);
    visit("false_alarms", noise.false_alarms);
    visit("pairs", noise.pairs);
}

template <typename Visit, same_but_const<Timing> T>
void visit_fields(Visit& visit, T& timing) {
    visit("median_ns", timing.median_ns);
    visit("low_ns", timing.low_ns);
    visit("high_ns", timing.high_ns);
    visit("coverage", timing.coverage);
    visit("stopped_by", timing.stopped_by);
    visit("passes", timing.passes);
    visit("rounds", timing.rounds);
    visit("batch", timing.batch);
    visit("build_ns", timing.build_ns);
    visit("first_launch_ns", timing.first_launch_ns);
    visit("footprint_bytes", timing.footprint_bytes);
    visit("rotations", timing.rotations);
    visit("evicted", timing.evicted);
    visit("floor_ns", timing.floor_ns);
    visit("floor_reason", timing.floor_reason);
    visit("fraction_of_peak", timing.fraction_of_peak);
    visit("ceiling", timing.ceiling);
    visit("energy", timing.energy);
    visit("cpu", timing.cpu);
    visit("samples_ns", timing.samples_ns);
    visit("pass", timing.pass);
    visit("round", timing.round);
    visit("clock", timing.clock);
    visit("stolen_ms", timing.stolen_ms);
}

template <typename Visit, same_but_const<Untimed> T>
void visit_fields(Visit& visit, T& untimed) {
    visit("reason", untimed.reason);
    visit("execution_ns", untimed.execution_ns);
}

template <typename Visit, same_but_const<Measurement> T>
void visit_fields(Visit& visit, T& cell) {
    visit("variant", cell.variant);
    visit("operation", cell.operation);
    visit("algorithm", cell.algorithm);
    visit("language", cell.language);
    visit("tile", cell.tile);
    visit("tuning", cell.tuning);
    visit("ran", cell.ran);
    visit("problem", cell.problem);
    visit("known_as", cell.known_as);
    visit("dtype", cell.dtype);
    visit("device", cell.device);
    visit("regime", cell.regime);
    visit("cache", cell.cache);
    visit("fill", cell.fill);
    visit("seed", cell.seed);
    visit("flops", cell.flops);
    visit("bytes", cell.bytes);
    visit("dense_flops", cell.dense_flops);
    visit("verdict", cell.verdict);
    visit("timing", cell.timing);
    visit("untimed", cell.untimed);
}

template <typename Visit, same_but_const<LibraryState> T>
void visit_fields(Visit& visit, T& library) {
    visit("version", library.version);
    visit("threads", library.threads);
    visit("remark", library.remark);
}

template <typename Visit, same_but_const<Environment> T>
void visit_fields(Visit& visit, T& environment) {
    visit("revision", environment.revision);
    visit("version", environment.version);
    visit("host_compiler", environment.host_compiler);
    visit("cuda_compiler", environment.cuda_compiler);
    visit("build_type", environment.build_type);
    visit("cuda_flags", environment.cuda_flags);
    visit("cxx_flags", environment.cxx_flags);
    visit("cpu", environment.cpu);
    visit("cpu_family", environment.cpu_family);
    visit("cpu_threads", environment.cpu_threads);
    visit("allowed_cpus", environment.allowed_cpus);
    visit("cpu_quota", environment.cpu_quota);
    visit("governor", environment.governor);
    visit("os", environment.os);
    visit("started", environment.started);
    visit("command_line", environment.command_line);
    visit("variables", environment.variables);
    visit("libraries", environment.libraries);
}

template <typename Visit, same_but_const<AbsentBackend> T>
void visit_fields(Visit& visit, T& backend) {
    visit("name", backend.name);
    visit("why", backend.why);
}

template <typename Visit, same_but_const<Report> T>
void visit_fields(Visit& visit, T& report) {
    visit("complete", report.complete);
    visit("environment", report.environment);
    visit("devices", report.devices);
    visit("clocks", report.clocks);
    visit("noise_floors", report.noise_floors);
    visit("absent", report.absent);
    visit("measurements", report.measurements);
}

}  // namespace stele
