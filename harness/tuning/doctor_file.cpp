#include "harness/tuning/doctor_file.hpp"

#include <cmath>

#include "harness/record/ceiling.hpp"
#include "harness/tuning/device_file.hpp"

namespace stele {

template <typename Visit, same_but_const<DoctorEntry> T>
void visit_fields(Visit& visit, T& entry) {
    visit("ceilings", entry.ceilings);
    visit("noise_floors", entry.noise_floors);
    visit("driver", entry.driver);
    visit("revision", entry.revision);
    visit("date", entry.date);
    visit("where", entry.where);
}

template <typename Visit, same_but_const<DoctorFile> T>
void visit_fields(Visit& visit, T& file) {
    visit("device", file.device);
    visit("entries", file.entries);
}

/// What types cannot say.
void finish_reading(const DoctorFile& file) {
    for (std::size_t i = 0; i < file.entries.size(); ++i) {
        const DoctorEntry& entry = file.entries[i];
        for (std::size_t j = 0; j < entry.ceilings.size(); ++j)
            if (const double rate = entry.ceilings[j].per_second; !(std::isfinite(rate) && rate > 0))
                json_fields::fail(fmt::format("entries[{}].ceilings[{}].per_second", i, j),
                                  fmt::format("is {}, and must be a rate", rate));
        for (std::size_t j = 0; j < entry.noise_floors.size(); ++j)
            if (const NoiseFloor& noise = entry.noise_floors[j];
                noise.rounds == 0 || !(noise.floor >= 0) || !(noise.false_alarms >= 0 && noise.false_alarms <= 1))
                json_fields::fail(fmt::format("entries[{}].noise_floors[{}]", i, j),
                                  "must have rounds, a floor of at least 0, and a share of false alarms");
    }
}

void DoctorFile::put(DoctorEntry entry) {
    entry.where = device.where;
    std::erase_if(entries, [&](const DoctorEntry& known) { return known.where == entry.where; });
    entries.push_back(std::move(entry));
}

std::filesystem::path doctor_path(const DeviceIdentity& device) {
    return std::filesystem::path("results") / "doctor" / file_name_of(device);
}

DoctorFile read_doctor_file(const std::filesystem::path& path) {
    return read_device_file<DoctorFile>(path, [](nlohmann::ordered_json&) {});
}

DoctorFile update_doctor_file(const std::filesystem::path& path, const DeviceIdentity& device,
                              const std::function<void(DoctorFile&)>& change) {
    return update_device_file(path, device, read_doctor_file, change);
}

DoctorBook::DoctorBook(const std::filesystem::path& folder)
    : files_(device_files_in(folder, read_doctor_file, complaints_)) {}

std::vector<Ceiling> DoctorBook::ceilings(const DeviceIdentity& device) const {
    std::vector<Ceiling> out;
    for (const auto& [name, file] : files_)
        for (const DoctorEntry& entry : file.entries)
            if (file.device.name == device.name && entry.where == device.where)
                out.insert(out.end(), entry.ceilings.begin(), entry.ceilings.end());
    return out;
}

std::vector<NoiseFloor> DoctorBook::noise_floors(const DeviceIdentity& device) const {
    for (const auto& [name, file] : files_)
        for (const DoctorEntry& entry : file.entries)
            if (file.device.is_same_device(device) && entry.where == device.where) return entry.noise_floors;
    return {};
}

void DoctorBook::add_to(Report& report) const {
    std::map<std::string, std::vector<NoiseFloor>> floors;
    for (const DeviceInfo& device : report.devices) {
        const DeviceIdentity identity = identity_of(device, report.environment);
        if (auto found = noise_floors(identity); !found.empty()) floors[device.id] = std::move(found);
        const std::vector<Ceiling> known = ceilings(identity);
        for (Measurement& cell : report.measurements)
            if (cell.device == device.id) compare_with_ceilings(cell, known);
    }
    if (!floors.empty()) report.noise_floors = std::move(floors);
}

}  // namespace stele
