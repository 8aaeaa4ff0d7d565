// stele tune: which tile is the fastest, per device, variant and problem?
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/stopwatch.hpp"
#include "harness/base/text.hpp"
#include "harness/base/visible.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/interrupt.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/selection.hpp"
#include "harness/cli/workload.hpp"
#include "harness/cli/workplace.hpp"
#include "harness/record/environment.hpp"
#include "harness/record/report_json.hpp"
#include "harness/tuning/search.hpp"

namespace stele {

namespace {

struct TuneCommandOptions {
    Selection selection;
    double budget_seconds = 600;
    std::uint64_t seed = 1;
    std::string out;     ///< empty: below results/tuning/
    bool again = false;  ///< forget what is there
    Isolation isolation;
};

struct OpenFile {
    std::filesystem::path path;
    TuningFile content;
};

/// One search to be made, or that was made before.
struct Job {
    const TileChoices* choices;
    const Variant* variant;
    const Problem* problem;
    const DeviceInfo* device;
};

/// The file of a device, as it is now or new. One that cannot be read, or is of another device, is not written over.
OpenFile open_file(const DeviceInfo& device, const Environment& environment, const std::string& out) {
    OpenFile file;
    file.content.device = identity_of(device, environment);
    file.path = out.empty() ? tuning_path(file.content.device) : std::filesystem::path(out);
    check_writable(file.path);
    try {
        file.content = current_tuning(file.path, file.content.device);
    } catch (const BadInput& error) {
        throw BadInput(fmt::format("{}; move it away, or give another --out", error.what()));
    }
    return file;
}

/// Empty if the device can take at least one of the tiles.
std::string why_none(const TileChoices& choices, const Problem& problem, const DeviceInfo& device) {
    std::string first;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        const Support support = choices.variant(i).supports(device, problem);
        if (support) return why_too_large(device, problem);
        if (i == choices.default_index()) first = support.why_not;
    }
    return first;
}

class TuneRun {
public:
    explicit TuneRun(const TuneCommandOptions& options)
        : options_(options), environment_(read_environment({})), watcher_{show_, interrupted} {}

    ExitCode run();

private:
    void choose_jobs();
    std::vector<const DeviceInfo*> different_hardware(const std::vector<const DeviceInfo*>& selected) const;
    void work(const Job& job, double seconds);
    void tell(const Job& job, const TunedCell& cell, const std::string& how);
    UnfinishedCell unfinished(const Job& job) const;

    const TuneCommandOptions& options_;
    const Registry registry_;
    Workplace workplace_{options_.isolation.here};
    const DeviceSet devices_{workplace_.runner().found()};
    Environment environment_;
    Progress progress_;
    std::function<void(const std::string&)> show_ = [this](const std::string& line) { progress_.show(prefix_ + line); };
    Watcher watcher_;
    std::vector<std::unique_ptr<TileChoices>> choices_;
    std::vector<OwnedProblem> problems_;
    std::vector<Job> jobs_;
    std::map<const DeviceInfo*, OpenFile> files_;
    std::string prefix_;
    std::size_t done_ = 0, kept_ = 0, nothing_ = 0, wrong_ = 0;
};

void TuneRun::choose_jobs() {
    const Selection& selection = options_.selection;
    for (const std::string& glob : selection.globs)
        if (const std::size_t at = glob.find('@'); at != std::string::npos)
            throw BadInput(fmt::format("tune chooses the tile: leave {} out", glob.substr(at)));
    const std::vector<const Variant*> variants = registry_.select(selection.globs);
    std::map<const Variant*, const TileChoices*> tunable;
    for (const Variant* variant : variants) {
        auto choices = std::make_unique<TileChoices>(registry_, *variant);
        if (choices->size() < 2) continue;
        tunable[variant] = choices.get();
        choices_.push_back(std::move(choices));
    }
    if (tunable.empty())
        throw NothingFound(fmt::format("nothing to tune: {} has no tile, or only one", variants.front()->base_id()));

    const auto selected = different_hardware(select_devices(devices_, selection.devices, true));
    problems_ = select_problems(registry_.operations_of(variants), selection, {*from_name<Suite>(selection.suite)});
    std::vector<std::string> reasons;
    for (const OwnedProblem& owned : problems_)
        for (const DeviceInfo* device : selected)
            for (const Variant* variant : variants) {
                if (!tunable.contains(variant) || variant->operation != owned.operation->name()) continue;
                if (!device->speaks(variant->language)) continue;
                const std::string why = why_none(*tunable[variant], *owned.problem, *device);
                if (why.empty())
                    jobs_.push_back({tunable[variant], variant, owned.problem.get(), device});
                else
                    reasons.push_back(fmt::format("{} on {}: {}", variant->base_id(), device->id, why));
            }
    if (!jobs_.empty()) return;
    for (const auto& [variant, choices] : tunable)
        if (reasons.empty())
            reasons.push_back(
                fmt::format("{}: {}", variant->base_id(), devices_.why_none_speaks(variant->language, selected)));
    throw NothingFound(fmt::format("nothing to tune\n  {}", reasons.front()));
}

/// Two devices of one identity would be tuned twice into one place.
std::vector<const DeviceInfo*> TuneRun::different_hardware(const std::vector<const DeviceInfo*>& selected) const {
    std::vector<const DeviceInfo*> kept;
    for (const DeviceInfo* device : selected) {
        const DeviceIdentity identity = identity_of(*device, environment_);
        const auto same = std::ranges::find_if(
            kept, [&](const DeviceInfo* other) { return identity_of(*other, environment_).is_same_device(identity); });
        if (same == kept.end())
            kept.push_back(device);
        else
            say(fmt::format("{} is a {} like {}, which is tuned for both", device->id, identity.name, (*same)->id));
    }
    return kept;
}

UnfinishedCell TuneRun::unfinished(const Job& job) const {
    return {job.variant->base_id(), job.problem->id(), options_.seed, job.device->driver, environment_.revision, {}};
}

void TuneRun::tell(const Job& job, const TunedCell& cell, const std::string& how) {
    progress_.clear();
    std::string regret = "the default does not pass here";
    if (cell.regret)
        regret = cell.chosen.tile == cell.default_tile
                     ? "the default"
                     : fmt::format("{} × as fast as the default {}", three_digits(*cell.regret), cell.default_tile);
    show_line(fmt::format("{} on '{}' on {}: {}, {}, {}; {} of {} tiles tried, {}{}", cell.variant, cell.problem,
                          job.device->id, cell.chosen.tile, time_text(cell.chosen.median_ns), regret, cell.candidates,
                          cell.space, cell.stopped_by, how));
    for (const TriedTile& tile : cell.failed)
        show_line(fmt::format("  {}: {}: {}", tile.tile, name(tile.outcome), shortened(tile.reason)));
}

void TuneRun::work(const Job& job, double seconds) {
    OpenFile& file = files_.at(job.device);
    UnfinishedCell journal = unfinished(job);
    TuneOptions options;
    options.seconds = seconds;
    options.sampling.seed = options_.seed;
    const auto keep = [&](const std::vector<TriedTile>& tried) {
        journal.tried = tried;
        file.content = update_tuning(file.path, file.content.device, [&](TuningFile& now) {
            if (options_.again) now.forget(journal.variant, journal.problem);
            now.put(journal);
        });
    };
    options_.isolation.apply(options.sampling);
    const TuneTask task{job.choices, job.problem, job.device};
    TuneResult result = tune(task, options, watcher_, workplace_.runner(), file.content.tried(journal), keep);
    const auto count = [&](Outcome outcome) {
        return std::count_if(result.tried.begin(), result.tried.end(),
                             [&](const TriedTile& tile) { return tile.outcome == outcome; });
    };
    if (count(Outcome::wrong) + count(Outcome::impossible) > 0) ++wrong_;
    if (result.tuned) {
        TunedCell& cell = *result.tuned;
        cell.driver = journal.driver;
        cell.revision = journal.revision;
        cell.date = utc_now();
        tell(job, cell, "");
        file.content =
            update_tuning(file.path, file.content.device, [&](TuningFile& now) { now.put(std::move(cell)); });
        ++done_;
    } else if (!result.interrupted) {
        progress_.clear();
        const std::string why = result.tried.empty() ? "no tile could be tried" : result.tried.front().reason;
        show_line(
            fmt::format("{} on '{}' on {}: no tile passed: {}", journal.variant, journal.problem, job.device->id, why));
        ++nothing_;
    }
}

ExitCode TuneRun::run() {
    choose_jobs();
    for (const Job& job : jobs_) files_.try_emplace(job.device);
    if (!options_.out.empty() && files_.size() > 1)
        throw BadInput("--out is the file of one device; choose one with --device");
    for (auto& [device, file] : files_) file = open_file(*device, environment_, options_.out);

    std::vector<const Job*> open;
    for (const Job& job : jobs_) {
        TuningFile& known = files_.at(job.device).content;
        const std::string variant = job.variant->base_id(), problem = job.problem->id();
        if (options_.again) known.forget(variant, problem);
        if (const TunedCell* cell = known.find(variant, problem)) {
            tell(job, *cell, fmt::format("; kept from {}, --again tunes anew", cell->date));
            ++kept_;
        } else {
            open.push_back(&job);
        }
    }
    keep_what_is_measured();
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < open.size() && !interrupted(); ++i) {
        prefix_ = fmt::format("[{}/{}] ", i + 1, open.size());
        // What one search does not use is the next ones'.
        const double left = options_.budget_seconds - seconds_since(start);
        work(*open[i], std::max(0.0, left) / static_cast<double>(open.size() - i));
    }
    progress_.clear();
    for (const auto& [device, file] : files_) show_line("tuning: " + file.path.string());
    say(fmt::format("{} tuned, {} kept, {} without a right tile in {} s{}", done_, kept_, nothing_,
                    three_digits(seconds_since(start)),
                    interrupted() ? "; interrupted: the same command goes on where it stopped" : ""));
    if (wrong_ > 0) return exit_wrong;
    if (interrupted()) return exit_interrupted;
    return done_ + kept_ == 0 ? exit_nothing : exit_fine;
}

class Tune final : public Command {
public:
    std::string_view name() const override { return "tune"; }
    void declare(Arguments& arguments) override {
        options_.selection.declare(arguments, {"quick", "full", "cpu"});
        arguments.duration("--budget", options_.budget_seconds);
        arguments.text("--out", options_.out);
        arguments.seed(options_.seed);
        arguments.flag("--again", options_.again);
        options_.isolation.declare(arguments);
    }
    ExitCode run() override {
        if (!options_.out.empty() && is_standard_output(options_.out))
            throw BadInput("--out: tuning is read again while it is written, so it needs a file");
        return TuneRun(options_).run();
    }

private:
    TuneCommandOptions options_;
};

}  // namespace

std::unique_ptr<Command> tune_command() { return std::make_unique<Tune>(); }

}  // namespace stele
