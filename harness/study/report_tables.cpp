#include "harness/study/report_tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "backends/names.hpp"
#include "harness/base/text.hpp"
#include "harness/base/visible.hpp"
#include "harness/record/report_json.hpp"
#include "harness/record/telemetry.hpp"
#include "harness/study/outcome_text.hpp"
#include "harness/study/skipped_rows.hpp"

namespace stele {

namespace {

using Json = nlohmann::ordered_json;

/// The variant without its operation, which the table's title has.
std::string short_name(const std::string& variant) { return variant.substr(variant.find('/') + 1); }

/// What stands where the figures would: outcome and reason.
std::string reason_of(const CellSide& cell) {
    return cell.measurement ? outcome_text(*cell.measurement) : "absent: not run in this report";
}

/// Long reasons that several rows give: their start and a mark in the tables, the whole below them all.
class Reasons {
public:
    explicit Reasons(const std::vector<ProblemSides>& problems) {
        for (const ProblemSides& problem : problems)
            for (const CellSide& cell : problem.cells)
                if (cell.timing() == nullptr) ++count_[reason_of(cell)];
    }
    std::string text(const CellSide& cell) {
        std::string reason = reason_of(cell);
        const bool failed = cell.measurement && is_failure(cell.measurement->verdict.outcome);
        if (failed || reason.size() < 60 || count_[reason] == 1) return reason;
        // "skipped: no cuda device: …" is told by its first two clauses.
        const std::string start = wrap(reason, 50).front();
        const std::size_t clause = reason.find(':', reason.find(':') + 1);
        return (clause < start.size() ? reason.substr(0, clause) : start + " …") + ' ' + notes_.mark(reason);
    }
    Table table() const { return {"Why not", {}, {}, notes_.notes()}; }

private:
    std::map<std::string, int> count_;
    Footnotes notes_;
};

std::string ratio_text(const std::optional<double>& ratio) { return ratio ? three_digits(*ratio) : "–"; }

/// One unit for a table: that of its fastest cell.
struct RateUnit {
    double size;
    const char* name;
};

RateUnit rate_unit(const ProblemSides& problem) {
    if (problem.by_bandwidth()) return {1e9, "GB/s"};
    double best = 0;
    for (const CellSide& cell : problem.cells)
        if (cell.timing()) best = std::max(best, problem.rate(cell));
    return best >= 1e12 ? RateUnit{1e12, "TFLOP/s"} : RateUnit{1e9, "GFLOP/s"};
}

std::string conditions(const ProblemSides& problem) {
    return fmt::format("{} cache, {}, {} operands", name(problem.cache), name(problem.regime),
                       problem.fill == Fill::normal ? "random" : "zero");
}

/// What a ceiling says, and its rate: "ceiling/fma.opencl on blocks=16 … f32 (121 GFLOP/s)".
std::string ceiling_text(const Ceiling& ceiling) {
    return fmt::format("{} ({}{})", ceiling.name, count_text(ceiling.per_second),
                       ceiling.counted == Counted::flops ? "FLOP/s" : "B/s");
}

/// What they are fractions of, what was not as it should be, and what they took of energy.
void add_timing_notes(const ProblemSides& problem, std::vector<std::string>& notes) {
    std::vector<std::string> peaks;
    for (const CellSide& cell : problem.cells) {
        const Timing* timing = cell.timing();
        if (timing == nullptr) continue;
        const std::string who = fmt::format("{} on {}", short_name(cell.variant), cell.measurement->device);
        if (const std::string text = disturbance_text(*timing); !text.empty())
            notes.push_back(fmt::format("{}: {}", who, text));
        if (const auto& energy = timing->energy)
            notes.push_back(fmt::format("{}: {} W, {} J an execution, {} GFLOP/s for a watt", who,
                                        three_digits(energy->watts()), three_digits(energy->joules_per_execution()),
                                        three_digits(problem.flops / energy->joules_per_execution() * 1e-9)));
        if (!timing->ceiling) continue;
        const std::string peak = ceiling_text(*timing->ceiling);
        if (std::ranges::find(peaks, peak) == peaks.end()) peaks.push_back(peak);
    }
    if (!peaks.empty()) notes.push_back(fmt::format("Peak: {}", fmt::join(peaks, "; ")));
}

Table problem_table(const ProblemSides& problem, std::size_t number, std::size_t reports, Reasons& reasons) {
    const RateUnit unit = rate_unit(problem);
    Table table;
    table.title = fmt::format("#{} {}: {}", number, problem.operation, problem.problem);
    if (problem.known_as) table.title += fmt::format(" ({})", *problem.known_as);
    table.columns = {{"variant", Align::left}};
    if (reports > 1) table.columns.push_back({"in", Align::right});
    std::vector<const char*> titles{"device", "median", "95 % interval", unit.name, "of best", "of vendor", "error"};
    // Several reports need the room for their numbers.
    if (reports == 1) titles.push_back("of bound");
    const bool has_peak = std::ranges::any_of(problem.cells, [](const CellSide& cell) {
        return cell.timing() != nullptr && cell.timing()->fraction_of_peak;
    });
    if (has_peak) titles.push_back("of peak");
    for (const char* title : titles)
        table.columns.push_back({title, table.columns.back().title == "variant" || table.columns.back().title == "in"
                                            ? Align::left
                                            : Align::right});
    bool uncertain = false;
    for (const CellSide& cell : problem.cells) {
        Row& row = table.rows.emplace_back();
        row.cells.push_back(short_name(cell.variant));
        if (reports > 1) row.cells.push_back(fmt::format("[{}]", cell.report + 1));
        row.cells.push_back(cell.measurement && !cell.measurement->device.empty() ? cell.measurement->device : "–");
        const Timing* timing = cell.timing();
        if (timing == nullptr) {
            row.message = reasons.text(cell);
            continue;
        }
        const Verdict& verdict = cell.measurement->verdict;
        const bool few = timing->coverage < 0.95;
        uncertain = uncertain || few;
        row.cells.insert(row.cells.end(),
                         {time_text(timing->median_ns),
                          interval_text(timing->low_ns, timing->median_ns, timing->high_ns) + (few ? "*" : ""),
                          three_digits(problem.rate(cell) / unit.size), ratio_text(cell.of_best),
                          ratio_text(cell.of_vendor), error_text(verdict.max_relative)});
        if (reports == 1) row.cells.push_back(three_digits(verdict.worst_of_bound));
        if (has_peak) row.cells.push_back(ratio_text(timing->fraction_of_peak));
    }
    table.notes.push_back(fmt::format("{}FLOP, {}B, {} FLOP/B; {}; on {}", count_text(problem.flops),
                                      count_text(problem.bytes),
                                      problem.bytes > 0 ? three_digits(problem.flops / problem.bytes) : "–",
                                      conditions(problem), problem.hardware.empty() ? "no device" : problem.hardware));
    for (const CellSide& cell : problem.cells)
        if (cell.measurement && cell.measurement->tuning && *cell.measurement->tuning != "default")
            table.notes.push_back(fmt::format("{} on {}: tile by {}", short_name(cell.variant),
                                              cell.measurement->device, *cell.measurement->tuning));
    for (const CellSide& cell : problem.cells)
        if (cell.measurement && cell.measurement->ran)
            table.notes.push_back(fmt::format("{} on {} ran {}", short_name(cell.variant), cell.measurement->device,
                                              short_name(*cell.measurement->ran)));
    add_timing_notes(problem, table.notes);
    if (uncertain) table.notes.push_back("* of fewer samples than 95 % takes: all that the time allowed.");
    return table;
}

const CellSide* best_of(const ProblemSides& problem, std::size_t report, Language language) {
    const CellSide* best = nullptr;
    for (const CellSide& cell : problem.cells) {
        const Timing* timing = cell.timing();
        if (timing == nullptr || cell.report != report || cell.measurement->language != language) continue;
        if (best == nullptr || timing->median_ns < best->timing()->median_ns) best = &cell;
    }
    return best;
}

/// What each language reaches: its fastest variant.
Table language_table(const std::vector<ProblemSides>& problems, std::size_t reports) {
    Table table;
    table.title = "The best of each language";
    table.columns = {{"problem", Align::left}};
    if (reports > 1) table.columns.push_back({"in", Align::left});
    table.columns.push_back({"rate", Align::left});
    for (const LanguageInfo& column : language_columns())
        table.columns.push_back({std::string(column.title), Align::right});
    for (std::size_t i = 0; i < problems.size(); ++i)
        for (std::size_t report = 0; report < reports; ++report) {
            const RateUnit unit = rate_unit(problems[i]);
            Row row;
            row.cells.push_back(fmt::format("#{} {}", i + 1, problems[i].operation));
            if (reports > 1) row.cells.push_back(fmt::format("[{}]", report + 1));
            row.cells.push_back(unit.name);
            bool any = false;
            for (const LanguageInfo& column : language_columns()) {
                const CellSide* best = best_of(problems[i], report, column.language);
                any = any || best;
                if (best == nullptr) {
                    row.cells.push_back("–");
                    continue;
                }
                std::string algorithm = best->measurement->algorithm;
                if (algorithm.starts_with("vendor.")) algorithm.erase(0, 7);
                row.cells.push_back(fmt::format("{} {}", algorithm, three_digits(problems[i].rate(*best) / unit.size)));
            }
            if (any) table.rows.push_back(std::move(row));
        }
    // A language that few kernels are written in needs no column where it has no figure.
    for (std::size_t column = table.columns.size(); column-- > 0;) {
        const bool empty =
            std::all_of(table.rows.begin(), table.rows.end(), [&](const Row& row) { return row.cells[column] == "–"; });
        const std::string& title = table.columns[column].title;
        if (!empty || (title != info(Language::opencl_ptx).title && title != info(Language::cuda_tile).title)) continue;
        table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(column));
        for (Row& row : table.rows) row.cells.erase(row.cells.begin() + static_cast<std::ptrdiff_t>(column));
    }
    return table;
}

Table failure_table(const std::vector<ProblemSides>& problems) {
    Table table;
    table.title = "Not right";
    table.columns = {
        {"problem", Align::left}, {"variant", Align::left}, {"device", Align::left}, {"reason", Align::left}};
    for (std::size_t i = 0; i < problems.size(); ++i)
        for (const CellSide& cell : problems[i].cells)
            if (cell.measurement && is_failure(cell.measurement->verdict.outcome))
                table.rows.push_back(
                    {{fmt::format("#{}", i + 1), cell.variant, cell.measurement->device}, reason_of(cell)});
    return table;
}

/// Which CPU, and what of it the process had.
std::string cpu_text(const Environment& made) {
    std::string text = made.cpu;
    if (!made.cpu_family.empty()) text += fmt::format(" ({})", made.cpu_family);
    text += fmt::format(", {} threads", made.cpu_threads);
    if (!made.allowed_cpus.empty()) text += fmt::format(", allowed {}", made.allowed_cpus);
    if (made.cpu_quota) text += fmt::format(", at most {} CPUs of time", *made.cpu_quota);
    return text;
}

/// "opencl:0: identical sides differ by up to 1.8 % (compute, 5 rounds), …": of each kind the most rounds.
std::string noise_text(const std::string& device, const std::vector<NoiseFloor>& floors) {
    std::map<KernelKind, NoiseFloor> last;
    for (const NoiseFloor& known : floors) {
        const auto [place, is_new] = last.try_emplace(known.kind, known);
        if (!is_new && known.rounds > place->second.rounds) place->second = known;
    }
    std::vector<std::string> parts;
    for (const auto& [kind, known] : last)
        parts.push_back(fmt::format("{} % ({}, {} rounds)", three_digits(known.floor * 100), name(kind), known.rounds));
    return fmt::format("{}: identical sides differ by up to {}", device, fmt::join(parts, ", "));
}

/// What libraries lack, each once.
std::set<std::string> library_remarks(std::span<const Report> reports) {
    std::set<std::string> remarks;
    for (const Report& report : reports)
        if (report.environment.libraries)
            for (const auto& [library, state] : *report.environment.libraries)
                if (state.remark) remarks.insert(fmt::format("vendor.{} {}", library, *state.remark));
    return remarks;
}

}  // namespace

std::string clock_text(const ClockCheck& check) {
    std::string text =
        fmt::format("timer step {}, empty launch {}", time_text(check.resolution_ns), time_text(check.overhead_ns));
    if (check.host_overhead_ns) text += fmt::format(" ({} for the host)", time_text(*check.host_overhead_ns));
    if (const auto bias = check.bias()) text += fmt::format(", {:+.2f} % beside the host's clock", *bias * 100);
    return text;
}

std::vector<Report> plain_reports(std::span<const NamedReport> reports) {
    std::vector<Report> plain;
    for (const NamedReport& named : reports) plain.push_back(named.report);
    return plain;
}

/// Some say what a container asks of its driver, and fill a screen.
constexpr std::size_t most_of_variable = 60;

Table report_header(std::span<const NamedReport> reports) {
    Table table;
    table.title = reports.size() == 1 ? "Report" : "Reports";
    for (std::size_t i = 0; i < reports.size(); ++i) {
        const Report& report = reports[i].report;
        const Environment& made = report.environment;
        table.notes.push_back(fmt::format("[{}] {}: stele {} ({}), {}{}", i + 1, reports[i].name, made.version,
                                          made.revision, made.started,
                                          report.complete ? "" : "; INCOMPLETE: the run was interrupted"));
        table.notes.push_back(fmt::format("{}, governor {}, {}", cpu_text(made), made.governor, made.os));
        for (const DeviceInfo& device : report.devices) {
            const auto clock = report.clocks.find(device.id);
            table.notes.push_back(fmt::format("{}: {}, {} {}{}", device.id, device.name, device.platform, device.driver,
                                              clock == report.clocks.end() ? "" : "; " + clock_text(clock->second)));
        }
        if (report.noise_floors)
            for (const auto& [device, floors] : *report.noise_floors) table.notes.push_back(noise_text(device, floors));
        for (const AbsentBackend& backend : report.absent)
            table.notes.push_back(fmt::format("{}: no device: {}", backend.name, backend.why));
        if (made.libraries)
            for (const auto& [library, state] : *made.libraries)
                table.notes.push_back(fmt::format("{}: {}{}", library, state.version,
                                                  state.threads > 0 ? fmt::format(", {} threads", state.threads) : ""));
        std::string variables;
        for (const auto& [key, value] : made.variables)
            variables += fmt::format(" {}={}", key, shortened(value, most_of_variable));
        if (!variables.empty()) table.notes.push_back("with" + variables);
    }
    return table;
}

std::vector<Table> report_tables(std::span<const NamedReport> reports, SkippedRows skipped) {
    const std::vector<Report> plain = plain_reports(reports);
    std::vector<ProblemSides> problems = side_by_side(plain);
    std::vector<std::string> counts(problems.size());
    if (skipped == SkippedRows::counted) std::ranges::transform(problems, counts.begin(), count_skipped);
    std::vector<Table> tables{report_header(reports)};
    Reasons reasons(problems);
    for (std::size_t i = 0; i < problems.size(); ++i) {
        Table& table = tables.emplace_back(problem_table(problems[i], i + 1, reports.size(), reasons));
        if (!counts[i].empty()) table.notes.insert(table.notes.begin(), counts[i]);
    }
    for (Table& last : std::array{reasons.table(), language_table(problems, reports.size()), failure_table(problems)})
        if (!last.rows.empty() || !last.notes.empty()) tables.push_back(std::move(last));
    std::vector<std::string>& notes = tables.back().notes;
    std::ranges::copy(library_remarks(plain), std::back_inserter(notes));
    return tables;
}

Json side_by_side_json(std::span<const NamedReport> reports) {
    const std::vector<Report> plain = plain_reports(reports);
    Json json = new_document({"side by side", "stele-side-by-side", 1});
    for (const char* list : {"reports", "problems"}) json[list] = Json::array();
    for (const NamedReport& named : reports)
        json["reports"].push_back({{"name", named.name},
                                   {"revision", named.report.environment.revision},
                                   {"started", named.report.environment.started},
                                   {"complete", named.report.complete}});
    for (const ProblemSides& problem : side_by_side(plain)) {
        Json& table = json["problems"].emplace_back(Json{{"operation", problem.operation},
                                                         {"problem", problem.problem},
                                                         {"hardware", problem.hardware},
                                                         {"regime", std::string(name(problem.regime))},
                                                         {"cache", std::string(name(problem.cache))},
                                                         {"fill", std::string(name(problem.fill))},
                                                         {"flops", problem.flops},
                                                         {"bytes", problem.bytes},
                                                         {"rate_unit", problem.by_bandwidth() ? "bytes/s" : "FLOP/s"},
                                                         {"cells", Json::array()}});
        for (const CellSide& cell : problem.cells) {
            Json row{{"variant", cell.variant}, {"report", cell.report}};
            row["outcome"] = cell.measurement ? std::string(name(cell.measurement->verdict.outcome)) : "absent";
            if (cell.measurement) {
                row["device"] = cell.measurement->device;
                row["language"] = std::string(name(cell.measurement->language));
                row["reason"] = cell.measurement->verdict.reason;
                if (cell.measurement->tuning) row["tuning"] = *cell.measurement->tuning;
                if (cell.measurement->ran) row["ran"] = *cell.measurement->ran;
                if (const auto& untimed = cell.measurement->untimed)
                    row["untimed"] = {{"reason", untimed->reason},
                                      {"execution_ns", json_number(untimed->execution_ns)}};
            }
            if (const Timing* timing = cell.timing()) {
                row["median_ns"] = timing->median_ns;
                row["low_ns"] = timing->low_ns;
                row["high_ns"] = timing->high_ns;
                row["rate"] = json_number(problem.rate(cell));
                row["of_best"] = json_number(*cell.of_best);
                if (cell.of_vendor) row["of_vendor"] = json_number(*cell.of_vendor);
                row["max_relative"] = json_number(cell.measurement->verdict.max_relative);
                row["worst_of_bound"] = json_number(cell.measurement->verdict.worst_of_bound);
                if (timing->ceiling) {
                    row["fraction_of_peak"] = json_number(*timing->fraction_of_peak);
                    row["ceiling"] = timing->ceiling->name;
                }
                if (const std::string text = disturbance_text(*timing); !text.empty()) row["disturbed"] = text;
                if (const auto& energy = timing->energy) {
                    row["watts"] = energy->watts();
                    row["joules"] = energy->joules_per_execution();
                }
            }
            table["cells"].push_back(std::move(row));
        }
    }
    return json;
}

}  // namespace stele
