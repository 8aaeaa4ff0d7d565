// Files of JSON that are kept for a device: what all of them do alike. For their .cpp files.
//
// A File has `kind`, `device`, fields, and finish_reading(File&), which throws ReportError for what types cannot say.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/file.hpp"
#include "harness/base/json_fields.hpp"
#include "harness/record/report_fields.hpp"
#include "harness/tuning/identity.hpp"

namespace stele {

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

/// `bring_up_to_date` makes a document of now of an older one. Throws ReportError that names the file.
template <typename File, typename BringUpToDate>
File read_device_file(const std::filesystem::path& path, BringUpToDate&& bring_up_to_date) {
    const std::string text = read_text(path);
    try {
        nlohmann::ordered_json json = parse_document(text, File::kind);
        bring_up_to_date(json);
        File file;
        json_fields::read(json, "", file);
        finish_reading(file);
        return file;
    } catch (const ReportError& error) {
        throw ReportError(path.string() + ": " + error.what());
    }
}

/// Atomically. Throws CannotWrite.
template <typename File>
void write_device_file(const std::filesystem::path& path, const File& file) {
    nlohmann::ordered_json json = new_document(File::kind);
    json_fields::write_fields(json, file);
    write_atomically(path, dump(json));
}

/// The file as it is now; a new one where there is none. Throws ReportError, also where it is of another device.
template <typename File>
File current_device_file(const std::filesystem::path& path, const DeviceIdentity& device,
                         File (*read)(const std::filesystem::path&)) {
    File file;
    if (std::filesystem::exists(path)) {
        file = read(path);
        const DeviceIdentity& was = file.device;
        if (!was.is_same_device(device))
            throw ReportError(fmt::format("{} is of {} ({}), not of {} ({})", path.string(), was.name, was.platform,
                                          device.name, device.platform));
    }
    file.device = device;
    return file;
}

/// Reads what is there now, changes it, and writes it, while other processes wait: nobody's result is lost.
template <typename File, typename Change>
File update_device_file(const std::filesystem::path& path, const DeviceIdentity& device,
                        File (*read)(const std::filesystem::path&), Change&& change) {
    const FolderLock lock(path);
    File file = current_device_file(path, device, read);
    change(file);
    write_device_file(path, file);
    return file;
}

/// Each *.json in `folder`, by name, with what `read` makes of it; a folder that is not there has none. What cannot be
/// read is left out, with a complaint.
template <typename File>
std::vector<std::pair<std::string, File>> device_files_in(const std::filesystem::path& folder,
                                                          File (*read)(const std::filesystem::path&),
                                                          std::vector<std::string>& complaints) {
    std::vector<std::filesystem::path> paths;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error))
        if (entry.path().extension() == ".json" && !entry.path().filename().string().starts_with('.'))
            paths.push_back(entry.path());
    if (error && error != std::errc::no_such_file_or_directory)
        complaints.push_back(fmt::format("{}: {}", folder.string(), error.message()));
    std::ranges::sort(paths);
    std::vector<std::pair<std::string, File>> files;
    for (const auto& path : paths) {
        try {
            files.emplace_back(path.string(), read(path));
        } catch (const ReportError& unreadable) {
            complaints.emplace_back(unreadable.what());
        }
    }
    return files;
}

}  // namespace stele
