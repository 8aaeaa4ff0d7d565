#include "harness/tuning/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/base/file.hpp"
#include "harness/base/json_fields.hpp"
#include "harness/record/hardware.hpp"
#include "harness/record/report_fields.hpp"
#include "kernels/former_ids.hpp"

namespace stele {

// The fields of the file, in its order; see report_fields.hpp.

template <typename Visit, same_but_const<DeviceIdentity> T>
void visit_fields(Visit& visit, T& device) {
    visit("name", device.name);
    visit("backend", device.backend);
    visit("platform", device.platform);
    visit("vendor", device.vendor);
    visit("architecture", device.architecture);
    visit("driver", device.driver);
    visit("is_cpu", device.is_cpu);
    visit("compute_units", device.compute_units);
}

template <typename Visit, same_but_const<Where> T>
void visit_fields(Visit& visit, T& where) {
    visit("threads", where.threads);
    visit("cpus", where.cpus);
    visit("cpu_quota", where.cpu_quota);
}

template <typename Visit, same_but_const<TriedTile> T>
void visit_fields(Visit& visit, T& tried) {
    visit("tile", tried.tile);
    visit("outcome", tried.outcome);
    visit("reason", tried.reason);
    visit("median_ns", tried.median_ns);
    visit("relative", tried.relative);
}

template <typename Visit, same_but_const<TileTime> T>
void visit_fields(Visit& visit, T& time) {
    visit("tile", time.tile);
    visit("median_ns", time.median_ns);
    visit("low_ns", time.low_ns);
    visit("high_ns", time.high_ns);
}

template <typename Visit, same_but_const<TunedCell> T>
void visit_fields(Visit& visit, T& cell) {
    visit("variant", cell.variant);
    visit("problem", cell.problem);
    visit("default_tile", cell.default_tile);
    visit("chosen", cell.chosen);
    visit("default", cell.of_default);
    visit("regret", cell.regret);
    visit("regret_low", cell.regret_low);
    visit("regret_high", cell.regret_high);
    visit("chosen_because", cell.chosen_because);
    visit("finalists", cell.finalists);
    visit("candidates", cell.candidates);
    visit("space", cell.space);
    visit("failed", cell.failed);
    visit("stopped_by", cell.stopped_by);
    visit("seed", cell.seed);
    visit("driver", cell.driver);
    visit("revision", cell.revision);
    visit("date", cell.date);
    visit("where", cell.where);
}

template <typename Visit, same_but_const<UnfinishedCell> T>
void visit_fields(Visit& visit, T& cell) {
    visit("variant", cell.variant);
    visit("problem", cell.problem);
    visit("seed", cell.seed);
    visit("driver", cell.driver);
    visit("revision", cell.revision);
    visit("tried", cell.tried);
    visit("where", cell.where);
}

template <typename Visit, same_but_const<TuningFile> T>
void visit_fields(Visit& visit, T& file) {
    visit("device", file.device);
    visit("cells", file.cells);
    visit("unfinished", file.unfinished);
}

namespace {

bool is_time(double value) { return std::isfinite(value) && value > 0; }

void check_time(const TileTime& time, const std::string& path) {
    if (time.tile.empty() || !is_time(time.median_ns)) json_fields::fail(path, "must have a tile and a positive time");
    if (!is_time(time.low_ns) || !is_time(time.high_ns) || time.low_ns > time.median_ns ||
        time.median_ns > time.high_ns)
        json_fields::fail(path, fmt::format("has a median of {} ns outside its interval {} … {} ns", time.median_ns,
                                            time.low_ns, time.high_ns));
}

void check_cell(const TunedCell& cell, const std::string& path) {
    check_time(cell.chosen, path + ".chosen");
    if (cell.of_default) check_time(*cell.of_default, path + ".default");
    for (std::size_t i = 0; i < cell.finalists.size(); ++i)
        check_time(cell.finalists[i], fmt::format("{}.finalists[{}]", path, i));
    for (const auto& [field, ratio] :
         {std::pair{"regret", cell.regret}, {"regret_low", cell.regret_low}, {"regret_high", cell.regret_high}})
        if (ratio && !is_time(*ratio))
            json_fields::fail(fmt::format("{}.{}", path, field),
                              fmt::format("is {}, and must be a positive ratio", *ratio));
}

/// What types cannot say.
void check_meaning(const TuningFile& file) {
    for (std::size_t i = 0; i < file.cells.size(); ++i) check_cell(file.cells[i], fmt::format("cells[{}]", i));
    for (std::size_t i = 0; i < file.unfinished.size(); ++i)
        for (const TriedTile& tried : file.unfinished[i].tried)
            if (tried.outcome == Outcome::passed && !(is_time(tried.median_ns) && is_time(tried.relative)))
                json_fields::fail(fmt::format("unfinished[{}].tried", i),
                                  fmt::format("has {} as passed without a positive time", tried.tile));
}

/// A cell of version 1 was tuned on so many threads, nobody knows which. What is wrong is left for the reader to say.
void add_unknown_cpus(nlohmann::ordered_json& json) {
    const auto device = json.find("device");
    if (device == json.end() || !device->is_object()) return;
    const bool is_cpu = device->value("is_cpu", nlohmann::ordered_json()) == true;
    nlohmann::ordered_json threads = 0;
    if (is_cpu) threads = device->value("compute_units", threads);
    for (const char* list : {"cells", "unfinished"})
        if (const auto cells = json.find(list); cells != json.end() && cells->is_array())
            for (auto& cell : *cells)
                if (cell.is_object()) cell["where"] = {{"threads", threads}, {"cpus", ""}};
}

auto is_cell(const DeviceIdentity& device, std::string_view variant, std::string_view problem) {
    return [&device, key = device.cell(variant, problem)](const auto& cell) {
        return device.cell(cell.variant, cell.problem, cell.where) == key;
    };
}

}  // namespace

DeviceIdentity identity_of(const DeviceInfo& device, const Environment& environment) {
    DeviceIdentity identity{hardware_of(device, environment),
                            device.backend,
                            device.platform,
                            device.vendor,
                            device.architecture,
                            device.driver,
                            device.is_cpu,
                            device.compute_units};
    if (device.is_cpu) identity.where = {device.compute_units, environment.allowed_cpus, environment.cpu_quota};
    return identity;
}

CellKey DeviceIdentity::cell(std::string_view variant, std::string_view problem, const Where& tuned) const {
    CellKey key;
    key.variant = variant;
    key.problem = problem;
    key.hardware = name;
    key.backend = backend;
    key.platform = platform;
    key.threads = tuned.threads;
    key.cpus = tuned.cpus;
    key.cpu_quota = tuned.cpu_quota.value_or(0);
    return key;
}

const TunedCell* TuningFile::find(std::string_view variant, std::string_view problem) const {
    const auto found = std::ranges::find_if(cells, is_cell(device, variant, problem));
    return found == cells.end() ? nullptr : &*found;
}

std::vector<TriedTile> TuningFile::tried(const UnfinishedCell& like) const {
    const auto found = std::ranges::find_if(unfinished, is_cell(device, like.variant, like.problem));
    const bool alike = found != unfinished.end() && found->seed == like.seed && found->driver == like.driver &&
                       found->revision == like.revision;
    return alike ? found->tried : std::vector<TriedTile>{};
}

void TuningFile::put(TunedCell cell) {
    forget(cell.variant, cell.problem);
    cell.where = device.where;
    cells.push_back(std::move(cell));
}

void TuningFile::put(UnfinishedCell cell) {
    cell.where = device.where;
    const auto found = std::ranges::find_if(unfinished, is_cell(device, cell.variant, cell.problem));
    if (found == unfinished.end())
        unfinished.push_back(std::move(cell));
    else
        *found = std::move(cell);
}

void TuningFile::forget(std::string_view variant, std::string_view problem) {
    const auto is_it = is_cell(device, variant, problem);
    std::erase_if(cells, is_it);
    std::erase_if(unfinished, is_it);
}

std::filesystem::path tuning_path(const DeviceIdentity& device) {
    std::string name = hardware_slug(device.name);
    const std::string platform = hardware_slug(device.platform);
    if (platform != device.backend) name += "-" + platform;
    return std::filesystem::path("results") / "tuning" / (name + "-" + device.backend + ".json");
}

TuningFile read_tuning(const std::filesystem::path& path) {
    const std::string text = read_text(path);
    try {
        auto json = parse_document(text, TuningFile::kind);
        if (json["schema_version"] == 1) add_unknown_cpus(json);
        TuningFile file;
        json_fields::read(json, "", file);
        const auto rename = [](auto& cells) {
            for (auto& cell : cells) cell.variant = present_id(cell.variant);
        };
        rename(file.cells);
        rename(file.unfinished);
        check_meaning(file);
        return file;
    } catch (const ReportError& error) {
        throw ReportError(path.string() + ": " + error.what());
    }
}

TuningFile current_tuning(const std::filesystem::path& path, const DeviceIdentity& device) {
    TuningFile file;
    if (std::filesystem::exists(path)) {
        file = read_tuning(path);
        const DeviceIdentity& was = file.device;
        if (!was.is_same_device(device))
            throw ReportError(fmt::format("{} is of {} ({}), not of {} ({})", path.string(), was.name, was.platform,
                                          device.name, device.platform));
    }
    file.device = device;
    return file;
}

TuningFile update_tuning(const std::filesystem::path& path, const DeviceIdentity& device,
                         const std::function<void(TuningFile&)>& change) {
    const FolderLock lock(path);
    TuningFile file = current_tuning(path, device);
    change(file);
    write_tuning(path, file);
    return file;
}

void write_tuning(const std::filesystem::path& path, const TuningFile& file) {
    nlohmann::ordered_json json = new_document(TuningFile::kind);
    json_fields::write_fields(json, file);
    write_atomically(path, dump(json));
}

}  // namespace stele
