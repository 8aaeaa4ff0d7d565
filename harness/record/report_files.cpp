#include "harness/record/report_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/record/hardware.hpp"
#include "harness/record/report_json.hpp"

namespace stele {

namespace fs = std::filesystem;

namespace {

fs::path free_path(const fs::path& folder, const Environment& environment) {
    const std::string stem = environment.started.substr(0, environment.started.find('T')) + "-" + environment.revision;
    fs::path path = folder / (stem + ".json");
    for (int count = 2; fs::exists(path); ++count) path = folder / fmt::format("{}-{}.json", stem, count);
    return path;
}

fs::path write_numbered(const ReportFile& file, const std::string& text) {
    fs::path path = file.path;
    while (!write_new(path, text)) path = free_path(file.path.parent_path(), file.report.environment);
    return path;
}

}  // namespace

fs::path report_path(const std::string& hardware, const Environment& environment) {
    return free_path(fs::path("results") / hardware_slug(hardware), environment);
}

std::vector<ReportFile> split_by_hardware(const Report& report) {
    std::vector<std::string> hardware;
    for (const DeviceInfo& device : report.devices) {
        const std::string own = hardware_of(device, report.environment);
        if (std::find(hardware.begin(), hardware.end(), own) == hardware.end()) hardware.push_back(own);
    }
    std::vector<ReportFile> files;
    for (const std::string& own : hardware) {
        ReportFile& file = files.emplace_back(ReportFile{report_path(own, report.environment), report, true});
        const auto foreign = [&](const DeviceInfo& device) { return hardware_of(device, report.environment) != own; };
        std::vector<std::string> foreign_ids;
        for (const DeviceInfo& device : report.devices)
            if (foreign(device)) foreign_ids.push_back(device.id);
        const auto is_foreign = [&](const std::string& id) {
            return std::find(foreign_ids.begin(), foreign_ids.end(), id) != foreign_ids.end();
        };
        std::erase_if(file.report.devices, foreign);
        std::erase_if(file.report.clocks, [&](const auto& clock) { return is_foreign(clock.first); });
        std::erase_if(file.report.measurements, [&](const Measurement& cell) { return is_foreign(cell.device); });
    }
    return files;
}

fs::path write_report(const ReportFile& file) {
    const std::string text = dump(to_json(file.report));
    try {
        if (file.is_numbered) return write_numbered(file, text);
        write_atomically(file.path, text);
        return file.path;
    } catch (const CannotWrite& error) {
        const Rescue rescue = write_somewhere(file.path.filename().string(), text);
        throw CannotWrite(rescue.path.empty()
                              ? fmt::format("{}; nor could the report be kept: {}", error.what(), rescue.why)
                              : fmt::format("{}; the report is in {}", error.what(), rescue.path));
    }
}

}  // namespace stele
