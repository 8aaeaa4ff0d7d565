// stele bench: are the variants right, and how fast are they?
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "backends/error.hpp"
#include "harness/base/exit_code.hpp"
#include "harness/base/file.hpp"
#include "harness/base/text.hpp"
#include "harness/cli/commands/all.hpp"
#include "harness/cli/interrupt.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/workload.hpp"
#include "harness/draw/console.hpp"
#include "harness/exchange/google_benchmark.hpp"
#include "harness/record/environment.hpp"
#include "harness/record/report_files.hpp"
#include "harness/study/report_tables.hpp"
#include "harness/study/side_by_side.hpp"

namespace stele {

namespace {

SamplerOptions sampler_options(const BenchOptions& options) {
    SamplerOptions sampling;
    sampling.seed = options.operands.seed;
    sampling.fill = options.operands.fill;
    sampling.cache = options.cache;
    sampling.regime = options.regime;
    sampling.cell_seconds = options.cell_seconds;
    return sampling;
}

/// The tuning files to choose tiles by; what cannot be read is told and left out.
TuningBook tuning_book(const BenchOptions& options) {
    if (!options.use_tuning) return {};
    if (!options.tuning.empty() && !std::filesystem::is_directory(options.tuning))
        throw CommandError(exit_usage, fmt::format("--tuning {}: not a folder", options.tuning));
    TuningBook book(options.tuning.empty() ? "results/tuning" : options.tuning);
    for (const std::string& complaint : book.complaints())
        fmt::print(stderr, "stele: {}; left out, so its tiles are not used\n", complaint);
    return book;
}

/// Everything but the measurements.
Report begin_report(const BenchOptions& options, DeviceSet& devices, const Workload& workload) {
    Report report;
    report.environment = read_environment(options.command_line);
    report.absent = devices.absent();
    for (const DeviceInfo* device : workload.devices) {
        report.devices.push_back(*device);
        // A profiler runs one kernel at a time, so that a gate opens only when it expires; and nothing is timed then.
        if (options.profile) continue;
        try {
            report.clocks[device->id] = devices.open(*device).check_clock();
        } catch (const DeviceError& error) {
            throw CommandError(exit_wrong,
                               fmt::format("the clock of {} cannot be checked: {}", device->id, error.what()));
        }
    }
    // A device whose every cell is left out is named by those cells.
    for (const DeviceInfo& device : devices.infos()) {
        const auto names = [&](const Measurement& cell) { return cell.device == device.id; };
        const bool listed = std::any_of(report.devices.begin(), report.devices.end(),
                                        [&](const DeviceInfo& known) { return known.id == device.id; });
        if (!listed && std::any_of(workload.left_out.begin(), workload.left_out.end(), names))
            report.devices.push_back(device);
    }
    return report;
}

/// Files are checked before anything is measured.
std::vector<std::filesystem::path> output_paths(const BenchOptions& options, const Report& report) {
    std::vector<std::filesystem::path> paths;
    if (!options.out.empty())
        paths.push_back(options.out);
    else
        for (const ReportFile& file : split_by_hardware(report)) paths.push_back(file.path);
    for (const auto& path : paths) check_writable(path);
    return paths;
}

void write_reports(const BenchOptions& options, const Report& report, const std::vector<std::filesystem::path>& paths) {
    std::vector<ReportFile> files;
    if (!options.out.empty())
        files.push_back({options.out, report});
    else
        files = split_by_hardware(report);
    for (std::size_t i = 0; i < files.size(); ++i) {
        files[i].path = paths[i];
        write_report(files[i]);
        print(fmt::format("report: {}\n", files[i].path.string()));
    }
}

void print_side_by_side(const Report& report) {
    const std::vector<NamedReport> named{{"this run", report}};
    for (const Table& table : report_tables(named)) print(console_text(table) + "\n");
}

std::string seconds_since(std::chrono::steady_clock::time_point start) {
    return three_digits(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()) + " s";
}

}  // namespace

int run_command(const BenchOptions& options) {
    check_benchmark_flags(options.benchmark_flags);
    const auto start = std::chrono::steady_clock::now();
    const Registry registry;
    const SamplerOptions sampling = sampler_options(options);
    const Suite suite = *from_name<Suite>(options.selection.suite);
    DeviceSet devices;
    const TuningBook tuning = tuning_book(options);
    Workload workload = make_workload(registry, devices, options.selection, {suite}, sampling, true, &tuning);
    if (workload.cells.empty()) fail_nothing_ran(workload.left_out);
    // Who names devices wants these, not a list of what others would do.
    if (!options.selection.devices.empty())
        std::erase_if(workload.left_out, [](const Measurement& cell) { return cell.device.empty(); });

    Report report = begin_report(options, devices, workload);
    const bool reported = !options.profile;
    const auto paths = reported ? output_paths(options, report) : std::vector<std::filesystem::path>{};

    catch_interrupts();
    Progress progress;
    const Watcher watcher{[&](const std::string& line) { progress.show(line); }, interrupted};
    report.measurements = options.profile ? profile_cells(workload.cells, sampling, watcher)
                                          : bench_cells(workload.cells, sampling, watcher);
    progress.clear();
    report.complete = !interrupted();
    report.measurements.insert(report.measurements.end(), workload.left_out.begin(), workload.left_out.end());

    if (reported) {
        print_side_by_side(report);
        write_reports(options, report, paths);
        if (!options.benchmark_flags.empty()) write_google_benchmark(report, options.benchmark_flags);
    }
    std::fflush(stdout);
    fmt::print(stderr, "stele: {} in {}{}\n", count_outcomes(report.measurements), seconds_since(start),
               report.complete ? "" : "; interrupted, so the report is incomplete");
    return exit_code_of(report.measurements, report.complete);
}

}  // namespace stele
