// stele bench: are the variants right, and how fast are they?
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <stdexcept>

#include "backends/error.hpp"
#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/stopwatch.hpp"
#include "harness/base/text.hpp"
#include "harness/base/visible.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/command_line.hpp"
#include "harness/cli/interrupt.hpp"
#include "harness/cli/outcome.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/selection.hpp"
#include "harness/cli/workload.hpp"
#include "harness/cli/workplace.hpp"
#include "harness/exchange/google_benchmark.hpp"
#include "harness/measure/rounds.hpp"
#include "harness/record/environment.hpp"
#include "harness/record/journal.hpp"
#include "harness/record/report_files.hpp"
#include "harness/study/report_tables.hpp"
#include "harness/study/side_by_side.hpp"

namespace stele {

namespace {

struct BenchOptions {
    Selection selection;
    Operands operands;
    Isolation isolation;
    std::string out;  ///< empty: below results/
    bool profile = false, all = false, no_tuning = false;
    CacheMode cache = CacheMode::cold;
    Regime regime = Regime::burst;
    double cell_seconds = 0.5;
    std::uint32_t rounds = 1;
    std::string resume;                        ///< the journal of a run that did not end
    std::string tuning;                        ///< folder of tuning files; empty: results/tuning, if it is there
    std::vector<std::string> benchmark_flags;  ///< Google Benchmark's own
    std::vector<std::string> command_line;     ///< as given, for the report

    /// True where stdout is a file's, so that tables are not to be mixed into it.
    bool fills_stdout() const {
        const auto other = benchmark_output(benchmark_flags);
        return (!out.empty() && is_standard_output(out)) || (other && is_standard_output(*other));
    }
};

SamplerOptions sampler_options(const BenchOptions& options) {
    SamplerOptions sampling;
    sampling.seed = options.operands.seed;
    sampling.fill = options.operands.fill;
    sampling.cache = options.cache;
    sampling.regime = options.regime;
    sampling.cell_seconds = options.cell_seconds;
    options.isolation.apply(sampling);
    sampling.longest_timed_seconds = 4 * options.cell_seconds;
    return sampling;
}

/// The tuning files to choose tiles by. What cannot be read is refused where it was asked for, else told and left out.
TuningBook tuning_book(const BenchOptions& options) {
    if (options.no_tuning) return {};
    if (!options.tuning.empty() && !std::filesystem::is_directory(options.tuning))
        throw BadInput(fmt::format("--tuning {}: not a folder", options.tuning));
    if (!options.tuning.empty() && options.selection.names_tiles())
        throw BadInput("--tuning has no effect where a GLOB names tiles by '@'");
    TuningBook book(options.tuning.empty() ? "results/tuning" : options.tuning);
    if (!options.tuning.empty() && !book.complaints().empty())
        throw BadInput(fmt::format("--tuning {}: {}", options.tuning, book.complaints().front()));
    for (const std::string& complaint : book.complaints()) say(complaint + "; left out, so its tiles are not used");
    return book;
}

/// Everything but the measurements and the clocks.
Report begin_report(const BenchOptions& options, const DeviceSet& devices, const Workload& workload) {
    Report report;
    report.environment = read_environment(options.command_line);
    report.absent = devices.absent();
    for (const DeviceInfo* device : workload.devices) report.devices.push_back(*device);
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

/// Files are checked before anything is measured: that they can be written, and that none takes another's place.
std::vector<std::string> output_paths(const BenchOptions& options, const Report& report) {
    std::vector<std::string> paths;
    if (!options.out.empty())
        paths.push_back(options.out);
    else
        for (const ReportFile& file : split_by_hardware(report)) paths.push_back(file.path.string());
    for (const auto& path : paths) check_writable(path);
    if (const auto other = benchmark_output(options.benchmark_flags))
        for (const auto& path : paths)
            if (is_same_output(path, *other))
                throw BadInput(fmt::format("the report and --benchmark_out would both be written to {}", path));
    return paths;
}

void write_reports(const BenchOptions& options, const Report& report, const std::vector<std::string>& paths) {
    std::vector<ReportFile> files;
    if (!options.out.empty())
        files.push_back({options.out, report});
    else
        files = split_by_hardware(report);
    for (std::size_t i = 0; i < files.size(); ++i) {
        files[i].path = paths[i];
        const auto written = write_report(files[i]);
        if (!options.fills_stdout()) show_line(fmt::format("report: {}", written.string()));
    }
}

/// Runs cells in ranges for an outside profiler.
ExitCode profile(CellRunner& runner, const Workload& workload, const SamplerOptions& sampling, const Watcher& watcher,
                 Progress& progress) {
    std::vector<Measurement> cells = run_cells(runner, Work::profile, workload.cells, sampling, watcher);
    progress.clear();
    cells.insert(cells.end(), workload.left_out.begin(), workload.left_out.end());
    say(count_outcomes(cells));
    return outcome_of(cells, !interrupted());
}

void show_tables(const Report& report, bool all) {
    const std::vector<NamedReport> named{{"this run", report}};
    show(Document(report_tables(named, all ? SkippedRows::all : SkippedRows::counted)));
    write_output("\n");
}

class Bench final : public Command {
public:
    std::string_view name() const override { return "bench"; }
    void declare(Arguments& arguments) override {
        options_.selection.declare(arguments, {"quick", "full", "cpu"});
        options_.operands.declare(arguments);
        options_.isolation.declare(arguments);
        arguments.text("--out", options_.out);
        arguments.flag("--profile", options_.profile);
        arguments.flag("--all", options_.all);
        arguments.choice("--cache", options_.cache);
        arguments.choice("--regime", options_.regime);
        arguments.parsed("--time", [this](const std::string& text) { options_.cell_seconds = seconds_in(text); });
        arguments.parsed("--rounds", [this](const std::string& text) { options_.rounds = rounds_in(text); });
        arguments.text("--resume", options_.resume);
        arguments.text("--tuning", options_.tuning);
        arguments.flag("--no-tuning", options_.no_tuning);
        arguments.foreign("--benchmark_", options_.benchmark_flags);
        arguments.whole(options_.command_line);
        arguments.useless_beside("--tuning", "--no-tuning");
        // It times nothing, and writes no report.
        for (const char* option : {"--out", "--all", "--cache", "--regime", "--time", "--rounds", "--resume"})
            arguments.useless_beside(option, "--profile");
        arguments.useless_beside("--rounds", "--no-isolate");
    }
    ExitCode run() override {
        if (options_.resume.empty()) return bench(options_, nullptr);
        const std::vector<std::string>& line = options_.command_line;
        if (line != std::vector{line.at(0), std::string("--resume"), options_.resume} &&
            line != std::vector{line.at(0), "--resume=" + options_.resume})
            throw BadInput("--resume goes on with the options of the run that did not end, and takes no others");
        return resume(options_.resume);
    }

private:
    static double seconds_in(const std::string& text) {
        double seconds = 0;
        const char* end = text.data() + text.size();
        const auto [stopped, error] = std::from_chars(text.data(), end, seconds);
        if (error != std::errc{} || stopped != end || !(seconds >= 0.001 && seconds <= 3600))
            throw std::invalid_argument(
                fmt::format("'{}' is not a number of seconds between 0.001 and 3600", shortened(text)));
        return seconds;
    }
    static std::uint32_t rounds_in(const std::string& text) {
        std::uint32_t rounds = 0;
        const char* end = text.data() + text.size();
        const auto [stopped, error] = std::from_chars(text.data(), end, rounds);
        if (error != std::errc{} || stopped != end || rounds < 1 || rounds > 1000)
            throw std::invalid_argument(fmt::format("'{}' is not a number of rounds from 1 to 1000", shortened(text)));
        return rounds;
    }
    /// `unfinished`: what an earlier process had measured of this very run.
    static ExitCode bench(const BenchOptions& options, const UnfinishedRun* unfinished);
    static ExitCode resume(const std::string& journal);

    BenchOptions options_;
};

/// Where a run keeps what it has: beside its report, or with the others'; nowhere if the report is no file.
std::optional<std::filesystem::path> journal_path(const BenchOptions& options, const Environment& environment) {
    if (options.out.empty())
        return std::filesystem::path("results") /
               fmt::format(".journal-{}-{}", environment.started.substr(0, environment.started.find('T')),
                           environment.revision);
    const bool is_file = !std::filesystem::exists(options.out) || std::filesystem::is_regular_file(options.out);
    if (is_standard_output(options.out) || !is_file) return std::nullopt;
    return options.out + ".journal";
}

std::optional<Journal> begun_journal(const BenchOptions& options, const JournalHead& head) {
    if (!options.resume.empty()) return Journal(options.resume);
    const auto path = journal_path(options, head.report.environment);
    if (!path) return std::nullopt;
    return Journal(*path, head);
}

ExitCode Bench::resume(const std::string& journal) {
    const UnfinishedRun unfinished = read_journal(journal);
    const Environment before = unfinished.head.report.environment, now = read_environment({});
    if (before.revision != now.revision)
        throw BadInput(fmt::format("--resume {}: the run was begun by revision {}, and this is {}", journal,
                                   before.revision, now.revision));
    const std::unique_ptr<Command> command = parse_command_line(before.command_line);
    BenchOptions options = dynamic_cast<const Bench&>(*command).options_;
    options.resume = journal;
    return bench(options, &unfinished);
}

ExitCode Bench::bench(const BenchOptions& options, const UnfinishedRun* unfinished) {
    check_benchmark_flags(options.benchmark_flags);
    if (options.profile && !options.benchmark_flags.empty())
        throw BadInput(fmt::format("{} has no effect beside --profile", options.benchmark_flags.front()));
    const auto start = std::chrono::steady_clock::now();
    const Registry registry;
    const SamplerOptions sampling = sampler_options(options);
    const Suite suite = *from_name<Suite>(options.selection.suite);
    // A profiler looks at one process.
    Workplace workplace(options.isolation.here || options.profile);
    const DeviceSet devices(workplace.runner().found());
    const TuningBook tuning = tuning_book(options);
    Workload workload = make_workload(registry, devices, options.selection, {suite}, sampling, true, &tuning);
    if (workload.cells.empty()) fail_nothing_ran(workload.left_out);
    // Who names devices wants these, not a list of what others would do.
    if (!options.selection.devices.empty())
        std::erase_if(workload.left_out, [](const Measurement& cell) { return cell.device.empty(); });
    keep_what_is_measured();
    Progress progress;
    const Watcher watcher{[&](const std::string& line) { progress.show(line); }, interrupted};
    if (options.profile) return profile(workplace.runner(), workload, sampling, watcher, progress);

    JournalHead head;
    if (unfinished) {
        head = unfinished->head;
        // What was given up then is given up now, so that the cells are the same.
        for (const DeviceInfo* device : std::vector(workload.devices))
            if (!head.report.clocks.contains(device->id))
                give_up(workload, *device, sampling, "its clock could not be checked when the run was begun");
    } else {
        auto clocks = check_clocks(workplace.runner(), workload, sampling);
        head.report = begin_report(options, devices, workload);
        head.report.clocks = std::move(clocks);
        head.report.measurements = workload.left_out;
        head.paths = output_paths(options, head.report);
    }
    std::optional<Journal> journal = begun_journal(options, head);
    Rounds rounds(workload.cells, [&](const JournalEntry& entry) {
        if (journal) journal->add(entry);
    });
    if (unfinished) rounds.recall(unfinished->entries);
    rounds.bench(workplace.runner(), sampling, options.rounds, watcher);
    progress.clear();

    Report report = head.report;
    report.complete = !interrupted();
    report.measurements = rounds.measurements();
    report.measurements.insert(report.measurements.end(), workload.left_out.begin(), workload.left_out.end());
    if (!options.fills_stdout()) show_tables(report, options.all);
    write_reports(options, report, head.paths);
    if (!options.benchmark_flags.empty()) write_google_benchmark(report, options.benchmark_flags);
    if (report.complete && journal) journal->remove();
    std::fflush(stdout);
    std::string ended =
        fmt::format("{} in {} s", count_outcomes(report.measurements), three_digits(seconds_since(start)));
    if (!report.complete) ended += "; interrupted, so the report is incomplete";
    if (!report.complete && journal) ended += "; to complete it: stele bench --resume " + journal->path().string();
    say(ended);
    return outcome_of(report.measurements, report.complete);
}

}  // namespace

std::unique_ptr<Command> bench_command() { return std::make_unique<Bench>(); }

}  // namespace stele
