// stele doctor: is this machine fit to measure, what does it reach, and how far apart are two identical sides?
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/base/json_of.hpp"
#include "harness/base/stopwatch.hpp"
#include "harness/base/text.hpp"
#include "harness/cli/arguments.hpp"
#include "harness/cli/command.hpp"
#include "harness/cli/interrupt.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/selection.hpp"
#include "harness/cli/workload.hpp"
#include "harness/cli/workplace.hpp"
#include "harness/measure/rounds.hpp"
#include "harness/record/environment.hpp"
#include "harness/record/noise_floor.hpp"
#include "harness/record/report_fields.hpp"
#include "harness/study/doctor_cells.hpp"
#include "harness/study/fitness.hpp"
#include "harness/study/noise.hpp"
#include "harness/tuning/doctor_file.hpp"

namespace stele {

template <typename Visit, same_but_const<FitnessCheck> T>
void visit_fields(Visit& visit, T& check) {
    visit("name", check.name);
    visit("state", check.state);
    visit("seen", check.seen);
    visit("advice", check.advice);
}

namespace {

struct DoctorOptions {
    std::vector<std::string> devices;
    OutputFormat format;
    bool quick = false, thorough = false, checks = false;
    std::optional<double> budget_seconds{};
};

/// How much of it.
struct Effort {
    double cell_seconds;
    double budget_seconds;       ///< of the comparisons; what has begun is ended
    std::uint32_t least_rounds;  ///< also when the time is over: three pairs tell something
    std::uint32_t most_rounds;
};
constexpr Effort quick_effort{0.05, 20, 6, 40}, thorough_effort{0.25, 900, 20, 120};

Effort effort_of(const DoctorOptions& options) {
    Effort effort = options.thorough ? thorough_effort : quick_effort;
    effort.budget_seconds = options.budget_seconds.value_or(effort.budget_seconds);
    return effort;
}

/// What was found of a device.
struct Found {
    std::vector<Ceiling> ceilings;
    std::vector<NoiseFloor> noise_floors;
    std::string kept_in;
};

/// The time of one launch.
struct LaunchCost {
    std::string variant, problem, device;
    double nanoseconds;
};

class Examination {
public:
    explicit Examination(const DoctorOptions& options) : options_(options) {}

    ExitCode run();

private:
    void check();
    void measure();
    std::vector<Measurement> bench_once(const std::vector<Cell>& cells);
    std::vector<Measurement> compare_with_itself(const std::vector<Cell>& cells);
    void keep(const DeviceInfo& device, Found& found);
    Document document() const;
    nlohmann::ordered_json json() const;

    const DoctorOptions& options_;
    const Effort effort_ = effort_of(options_);
    const Registry registry_;
    Workplace workplace_;
    const DeviceSet devices_{workplace_.runner().found()};
    const Environment environment_ = read_environment({});
    std::vector<const DeviceInfo*> timed_;
    Progress progress_;
    const Watcher watcher_{[this](const std::string& line) { progress_.show(line); }, interrupted};
    std::vector<FitnessCheck> checks_;
    std::map<std::string, Found> found_;
    std::vector<LaunchCost> launches_;
};

void Examination::check() {
    checks_ = check_system();
    checks_.push_back(check_devices({devices_.infos(), devices_.absent()}));
    for (const DeviceInfo* device : std::vector(timed_)) try {
            checks_.push_back(check_timer(device->id, workplace_.runner().check_clock(*device)));
        } catch (const Interrupted&) {
            throw;
        } catch (const std::exception& error) {
            checks_.push_back(
                {"timer of " + device->id, Fitness::bad, error.what(), "nothing is timed on this device"});
            std::erase(timed_, device);
        }
}

SamplerOptions sampling_for(const Effort& effort) {
    SamplerOptions sampling;
    sampling.cell_seconds = effort.cell_seconds;
    sampling.longest_timed_seconds = 4;
    return sampling;
}

std::vector<Measurement> Examination::bench_once(const std::vector<Cell>& cells) {
    return run_cells(workplace_.runner(), Work::bench, cells, sampling_for(effort_), watcher_);
}

/// In as many pairs of fresh processes as the time allows; then all their samples.
std::vector<Measurement> Examination::compare_with_itself(const std::vector<Cell>& cells) {
    const auto start = std::chrono::steady_clock::now();
    Rounds rounds(cells, [](const JournalEntry&) {});
    for (std::uint32_t count = 2; count <= effort_.most_rounds && !interrupted(); count += 2) {
        rounds.bench(workplace_.runner(), sampling_for(effort_), count, watcher_);
        if (count >= effort_.least_rounds && seconds_since(start) > effort_.budget_seconds) break;
    }
    return rounds.measurements();
}

void Examination::measure() {
    const DoctorCells all = doctor_cells(registry_, timed_);
    if (all.cells.empty()) return;
    const std::vector<Measurement> once = bench_once(all.cells);
    for (const Measurement& cell : once) {
        if (cell.timing && kind_of(cell) == KernelKind::launch)
            launches_.push_back({cell.variant, cell.problem, cell.device,
                                 cell.timing->median_ns / (cell.bytes / size_of(cell.dtype) - 1)});
        if (is_failure(cell.verdict.outcome))
            checks_.push_back({"kernels of " + cell.device, Fitness::bad,
                               fmt::format("{} on {}: {}", cell.variant, cell.problem,
                                           cell.verdict.reason.substr(0, cell.verdict.reason.find('\n'))),
                               "stele verify ceiling tells more"});
    }
    for (const DeviceInfo* device : timed_) found_[device->id].ceilings = ceilings_of(once, device->id);
    if (interrupted()) return;
    std::vector<Cell> compared;
    for (const std::size_t place : fastest_of_each_kind(once))
        for (const Cell& cell : all.cells)
            if (cell.variant->id() == once[place].variant && cell.problem->id() == once[place].problem &&
                cell.device->id == once[place].device)
                compared.push_back(cell);
    const std::vector<Measurement> rounds = compare_with_itself(compared);
    for (const Measurement& cell : rounds) {
        if (!cell.timing) continue;
        auto floors = noise_floors(kind_of(cell), round_medians(*cell.timing), SamplerOptions{}.seed);
        auto& known = found_[cell.device].noise_floors;
        known.insert(known.end(), floors.begin(), floors.end());
    }
    checks_.push_back(check_samples(rounds));
}

void Examination::keep(const DeviceInfo& device, Found& found) {
    const DeviceIdentity identity = identity_of(device, environment_);
    const auto path = doctor_path(identity);
    update_doctor_file(path, identity, [&](DoctorFile& file) {
        file.put({found.ceilings, found.noise_floors, device.driver, environment_.revision, environment_.started});
    });
    found.kept_in = path.string();
}

std::string unit_of(const Ceiling& ceiling) { return ceiling.counted == Counted::flops ? "FLOP/s" : "B/s"; }

Table check_table(const std::vector<FitnessCheck>& checks) {
    Table table;
    table.title = "Is this machine fit to measure?";
    table.columns = {{"check", Align::left}, {"state", Align::left}, {"seen", Align::left}};
    for (const FitnessCheck& check : checks) {
        table.rows.push_back({{check.name, std::string(name(check.state))}, check.seen});
        if (check.advice.empty()) continue;
        std::string note = fmt::format("{}: {}", check.name, check.advice);
        if (std::ranges::find(table.notes, note) == table.notes.end()) table.notes.push_back(std::move(note));
    }
    return table;
}

Document Examination::document() const {
    Document document(check_table(checks_));
    Table ceilings, launches, noise;
    ceilings.title = "Ceilings";
    ceilings.columns = {{"device", Align::left}, {"of", Align::left}, {"rate", Align::right}, {"by", Align::left}};
    noise.title = "How far apart identical sides are";
    noise.columns = {{"device", Align::left}, {"kernel bound by", Align::left}, {"rounds", Align::right},
                     {"floor", Align::right}, {"false alarms", Align::right},   {"pairs", Align::right}};
    for (const auto& [device, found] : found_) {
        for (const Ceiling& ceiling : found.ceilings)
            ceilings.rows.push_back(
                {{device, ceiling.counted == Counted::flops ? std::string(name(ceiling.dtype)) : "memory",
                  count_text(ceiling.per_second) + unit_of(ceiling), ceiling.name},
                 {}});
        for (const NoiseFloor& floor : found.noise_floors)
            noise.rows.push_back(
                {{device, std::string(name(floor.kind)), std::to_string(floor.rounds),
                  three_digits(floor.floor * 100) + " %",
                  floor.rounds == 1 ? "–" : three_digits(floor.false_alarms * 100) + " %", std::to_string(floor.pairs)},
                 {}});
        if (!found.kept_in.empty()) noise.notes.push_back(fmt::format("{}: kept in {}", device, found.kept_in));
    }
    launches.title = "What a launch takes";
    launches.columns = {
        {"device", Align::left}, {"kernel", Align::left}, {"handed over", Align::left}, {"each", Align::right}};
    for (const LaunchCost& cost : launches_)
        launches.rows.push_back(
            {{cost.device, cost.variant, cost.problem.substr(cost.problem.rfind(' ') + 1), time_text(cost.nanoseconds)},
             {}});
    for (Table* table : {&ceilings, &launches, &noise})
        if (!table->rows.empty()) document.add(std::move(*table));
    return document;
}

nlohmann::ordered_json Examination::json() const {
    using json_fields::json_of;
    nlohmann::ordered_json out = new_document({"examination", "stele-examination", 1});
    out["fitness"] = std::string(name(worst(checks_)));
    out["checks"] = json_of(checks_);
    for (const char* list : {"ceilings", "launches", "noise_floors"}) out[list] = nlohmann::ordered_json::object();
    out["launches"] = nlohmann::ordered_json::array();
    for (const auto& [device, found] : found_) {
        out["ceilings"][device] = json_of(found.ceilings);
        out["noise_floors"][device] = json_of(found.noise_floors);
    }
    for (const LaunchCost& cost : launches_)
        out["launches"].push_back({{"device", cost.device},
                                   {"variant", cost.variant},
                                   {"problem", cost.problem},
                                   {"nanoseconds", cost.nanoseconds}});
    return out;
}

ExitCode Examination::run() {
    const auto before = read_cpu_times();
    timed_ = select_devices(devices_, options_.devices, true);
    check();
    keep_what_is_measured();
    if (!options_.checks) {
        measure();
        for (const DeviceInfo* device : timed_)
            if (!interrupted() && !found_[device->id].noise_floors.empty()) keep(*device, found_[device->id]);
    }
    checks_.push_back(check_steal(before, read_cpu_times()));
    progress_.clear();
    if (options_.format.is_json())
        show_json(json());
    else
        show(document(), options_.format.drawn_as());
    return interrupted() ? exit_interrupted : exit_fine;
}

class Doctor final : public Command {
public:
    std::string_view name() const override { return "doctor"; }
    void declare(Arguments& arguments) override {
        arguments.texts("--device", options_.devices);
        arguments.flag("--quick", options_.quick);
        arguments.flag("--thorough", options_.thorough);
        arguments.duration("--budget", options_.budget_seconds);
        arguments.flag("--checks", options_.checks);
        options_.format.declare(arguments);
        arguments.useless_beside("--quick", "--thorough");
        for (const char* option : {"--quick", "--thorough", "--budget"}) arguments.useless_beside(option, "--checks");
    }
    ExitCode run() override { return Examination(options_).run(); }

private:
    DoctorOptions options_;
};

}  // namespace

std::unique_ptr<Command> doctor_command() { return std::make_unique<Doctor>(); }

}  // namespace stele
