// Reports as bench writes them, for tests: figures that follow from samples and problems, and no two of them equal.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/statistics.hpp"
#include "harness/record/measurement.hpp"

namespace stele::test {

/// One sample a pass, and what follows from them.
inline Timing timing_of(std::vector<double> samples_ns) {
    Timing timing;
    timing.samples_ns = samples_ns;
    std::ranges::sort(samples_ns);
    const Interval interval = median_interval(samples_ns);
    timing.median_ns = median(samples_ns);
    timing.low_ns = interval.low;
    timing.high_ns = interval.high;
    timing.coverage = interval.coverage;
    timing.passes = static_cast<std::uint32_t>(samples_ns.size());
    for (std::uint32_t pass = 0; pass < timing.passes; ++pass) timing.pass.push_back(pass);
    timing.round.assign(timing.passes, 0);
    timing.rounds = 1;
    timing.stopped_by = StoppedBy::sample_limit;
    return timing;
}

/// A cell that was skipped, of a problem of a real operation.
inline Measurement skipped_cell(const std::string& variant, Language language, const std::string& problem,
                                const std::string& device) {
    Measurement cell;
    cell.variant = variant;
    cell.operation = variant.substr(0, variant.find('/'));
    const std::string below = variant.substr(cell.operation.size() + 1);
    cell.algorithm = below.substr(0, below.find('.'));
    if (language == Language::vendor) cell.algorithm = below;
    if (const std::size_t at = below.find('@'); at != std::string::npos) cell.tile = below.substr(at + 1);
    cell.language = language;
    cell.device = device;
    for (const auto& operation : all_operations()) {
        if (operation->name() != cell.operation) continue;
        const auto parsed = operation->parse(problem);
        cell.problem = parsed->id();
        cell.dtype = parsed->dtype();
        cell.flops = parsed->flops();
        cell.bytes = parsed->bytes();
        cell.dense_flops = parsed->dense_flops();
    }
    if (cell.problem.empty()) throw std::logic_error("no operation " + cell.operation);
    cell.verdict.outcome = Outcome::skipped;
    cell.verdict.reason = "no device: none here";
    return cell;
}

inline Measurement passed_cell(const std::string& variant, Language language, const std::string& problem,
                               const std::string& device, std::vector<double> samples_ns) {
    Measurement cell = skipped_cell(variant, language, problem, device);
    cell.verdict = {};
    cell.verdict.outcome = Outcome::passed;
    if (!samples_ns.empty()) cell.timing = timing_of(std::move(samples_ns));
    return cell;
}

inline Environment sample_environment() {
    Environment made;
    made.revision = "0123456789ab-dirty";
    made.version = "0.1.0";
    made.host_compiler = "GNU 12.2.0";
    made.cuda_compiler = "NVIDIA 13.0";
    made.build_type = "Release";
    made.cuda_flags = "-arch=sm_90a";
    made.cxx_flags = "-O3";
    made.cpu = "A CPU";
    made.governor = "performance";
    made.os = "Linux 6.1";
    made.cpu_family = "family 25 model 17 stepping 1";
    made.allowed_cpus = "0-2";
    made.cpu_quota = 1.5;
    made.cpu_threads = 4;
    made.started = "2026-01-31T12:34:56Z";
    made.command_line = {"bench", "gemm"};
    made.variables = {{"OMP_NUM_THREADS", "3"}, {"POCL_AFFINITY", "1"}};
    made.libraries = {{"clblast", {"libclblast.so.1.5.3", 0}}, {"openblas", {"OpenBLAS 0.3.21", 2}}};
    return made;
}

inline std::vector<DeviceInfo> sample_devices() {
    DeviceInfo cpu;
    cpu.id = "opencl:0";
    cpu.backend = "opencl";
    cpu.name = "pthread-A CPU";
    cpu.vendor = "A vendor";
    cpu.platform = "A platform";
    cpu.driver = "3.1";
    cpu.architecture = "znver4";
    cpu.is_cpu = true;
    cpu.compute_units = 3;
    cpu.warp_size = 2;
    cpu.max_threads_per_block = 4096;
    cpu.global_bytes = std::size_t{1} << 35;
    cpu.max_allocation_bytes = std::size_t{1} << 33;
    cpu.cache_bytes = std::size_t{1} << 25;
    cpu.shared_bytes_per_block = std::size_t{1} << 18;
    cpu.timer_resolution_ns = 1.5;
    cpu.features = {"f64"};
    cpu.languages = {Language::opencl, Language::vendor};
    DeviceInfo gpu;
    gpu.id = "cuda:0";
    gpu.backend = "cuda";
    gpu.name = "A GPU";
    gpu.compute_capability = 90;
    gpu.languages = {Language::cuda, Language::ptx};
    return {cpu, gpu};
}

/// A report of these cells on the sample's devices.
inline Report report_of(std::vector<Measurement> cells) {
    Report report;
    report.environment = sample_environment();
    report.devices = sample_devices();
    report.measurements = std::move(cells);
    return report;
}

/// Two problems, one bound by bandwidth, on a CPU and on a GPU, with a cell of each outcome.
inline Report sample_report() {
    constexpr const char *square = "m=512 n=512 k=512 f32", *row = "m=1 n=1024 k=1024 bf16 b=nk";
    Report report;
    report.environment = sample_environment();
    report.devices = sample_devices();
    report.clocks["opencl:0"] = {1.25e6, 1.5e6, 2.5, 3500, 4500};
    report.noise_floors = {{"opencl:0", {{KernelKind::memory, 5, 0.0175, 0.0625, 12}}}};
    report.absent = {{"simt", "not in this build"}};

    Measurement tiled = passed_cell("gemm/tiled.opencl@64x64x16", Language::opencl, square, "opencl:0",
                                    {4.5e6, 4.1e6, 4.2e6, 4.3e6, 4.4e6, 4.6e6, 4.7e6});
    tiled.verdict.max_absolute = 1.5e-5;
    tiled.verdict.max_relative = 2.5e-7;
    tiled.verdict.rms = 3.5e-8;
    tiled.verdict.worst_of_bound = 0.375;
    tiled.verdict.worst_tensor = "C";
    tiled.verdict.worst_index = {5, 6};
    tiled.verdict.worst_expected = 7.25;
    tiled.verdict.worst_got = 7.5;
    tiled.timing->clock.resize(7);
    tiled.timing->clock[1] = {1980, 2619, 55, 300, 41, {"power"}};
    tiled.timing->batch = 8;
    tiled.timing->build_ns = 9e6;
    tiled.timing->first_launch_ns = 10e6;
    tiled.timing->footprint_bytes = 4194304;
    tiled.timing->rotations = 11;
    tiled.timing->evicted = true;
    tiled.timing->floor_ns = 12e3;
    tiled.timing->floor_reason = "0.268 GFLOP at 22 TFLOP/s";
    tiled.timing->ceiling = {"ceiling/fma.opencl on a problem", Counted::flops, Dtype::f32, 1e11};
    tiled.timing->fraction_of_peak = tiled.flops / 1e11 / (tiled.timing->median_ns * 1e-9);
    tiled.timing->energy = {1.75, 210, 325};
    tiled.timing->cpu = {2600, 0.75, 20};
    tiled.timing->stolen_ms = {0, 0, 10, 0, 0, 0, 10};
    tiled.tuning = "A CPU, m=512";
    tiled.known_as = "a square";
    tiled.regime = Regime::burst;
    tiled.seed = 13;

    Measurement slow = passed_cell("gemm/naive.opencl", Language::opencl, square, "opencl:0", {});
    slow.untimed = {"one execution took 14 s, longer than the 2 s that are timed", 14e9};
    Measurement wrong = skipped_cell("gemm/panel.opencl@8x16", Language::opencl, square, "opencl:0");
    wrong.verdict.outcome = Outcome::wrong;
    wrong.verdict.reason = "every element of C is zero";
    wrong.verdict.nonfinite = 15;
    Measurement chosen = passed_cell("gemm/hopper/auto.ptx", Language::ptx, row, "cuda:0", {4100, 4300, 4200});
    chosen.algorithm = "hopper/auto";
    chosen.ran = "gemm/hopper/split.ptx@64x128";
    report.measurements = {
        std::move(tiled),
        passed_cell("gemm/vendor.openblas", Language::vendor, square, "opencl:0", {2.1e6, 2.2e6, 2.3e6}),
        std::move(slow),
        std::move(wrong),
        skipped_cell("gemm/tiled.opencl_ptx@64x64x16", Language::opencl_ptx, square, ""),
        passed_cell("gemm/tiled.cuda@128x128", Language::cuda, square, "cuda:0", {61e3, 63e3, 62e3}),
        passed_cell("gemm/naive.opencl", Language::opencl, row, "opencl:0", {5.2e5, 5.4e5, 5.3e5}),
        std::move(chosen)};
    return report;
}

}  // namespace stele::test
