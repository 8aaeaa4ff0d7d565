// What `stele doctor` found of a device, one file a device: its ceilings and its noise floors, which reports carry.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/json_document.hpp"
#include "harness/tuning/identity.hpp"

namespace stele {

/// Found in one go, with one lot of a CPU.
struct DoctorEntry {
    std::vector<Ceiling> ceilings;
    std::vector<NoiseFloor> noise_floors;
    std::string driver, revision, date;
    Where where{};
};

struct DoctorFile {
    static constexpr DocumentKind kind{"doctor's file", "stele-doctor", 1};
    DeviceIdentity device;  ///< as the last writer found it
    std::vector<DoctorEntry> entries;

    /// Takes the place of what was found on what the device has of a CPU now, DeviceIdentity::where.
    void put(DoctorEntry entry);
};

/// "results/doctor/h200-cuda.json"
std::filesystem::path doctor_path(const DeviceIdentity& device);
/// Throws ReportError.
DoctorFile read_doctor_file(const std::filesystem::path& path);
/// Reads what is there now, changes it, and writes it whole, while other processes wait. Throws ReportError, also where
/// the file is of another device, and CannotWrite.
DoctorFile update_doctor_file(const std::filesystem::path& path, const DeviceIdentity& device,
                              const std::function<void(DoctorFile&)>& change);

/// The files of a folder.
class DoctorBook {
public:
    /// What cannot be read is left out, with a complaint.
    explicit DoctorBook(const std::filesystem::path& folder = "results/doctor");

    const std::vector<std::string>& complaints() const { return complaints_; }
    /// Of the same hardware with the same threads, CPUs and quota, by whichever runtime: what one of them reaches, the
    /// hardware can.
    std::vector<Ceiling> ceilings(const DeviceIdentity& device) const;
    /// Of the same device under the same conditions.
    std::vector<NoiseFloor> noise_floors(const DeviceIdentity& device) const;
    /// Gives a report what is known of its devices, and each of its timings its fraction of the peak.
    void add_to(Report& report) const;

private:
    std::vector<std::string> complaints_;  // before the files, whose reading fills it
    std::vector<std::pair<std::string, DoctorFile>> files_;
};

}  // namespace stele
