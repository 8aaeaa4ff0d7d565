// Which device something was found on, and what of a CPU the process had.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/record/cell_key.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

/// What of a CPU a process had: one thread wants other tiles than all of them, and a share of the time others than the
/// whole. Of other devices nothing.
struct Where {
    int threads = 0;
    std::string cpus;                   ///< "0-3,8"; empty: not known
    std::optional<double> cpu_quota{};  ///< CPUs' worth of time

    bool operator==(const Where&) const = default;
};

/// Which device a tile was found on. Times on another one say less, see book.hpp.
struct DeviceIdentity {
    std::string name;  ///< hardware_of()
    std::string backend, platform, vendor, architecture, driver;
    bool is_cpu = false;
    int compute_units = 0;
    Where where{};  ///< of this process; a file has it with each cell

    /// The key of a tuned cell on this device, for a variant without its tile. Tuning is always in the burst regime, on
    /// a cold cache and random operands.
    CellKey cell(std::string_view variant, std::string_view problem, const Where& tuned) const;
    CellKey cell(std::string_view variant, std::string_view problem) const { return cell(variant, problem, where); }
    /// The same hardware through the same runtime, wherever on it; the driver's version may differ.
    bool is_same_device(const DeviceIdentity& other) const { return cell("", "", {}) == other.cell("", "", {}); }
};
DeviceIdentity identity_of(const DeviceInfo& device, const Environment& environment);

/// "h200-cuda.json", of a file that is kept for a device; with the platform's name where the runtime has several, so
/// that a file has one device. Two that are identical have one identity.
std::string file_name_of(const DeviceIdentity& device);

}  // namespace stele
