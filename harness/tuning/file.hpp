// What tuning found, one file a device: written by `stele tune`, read by it (to go on) and by `stele bench`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json_document.hpp"
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

/// One tile that was measured, or that could not be. Times are in nanoseconds.
struct TriedTile {
    std::string tile;
    Outcome outcome = Outcome::skipped;
    std::string reason;    ///< empty when passed
    double median_ns = 0;  ///< 0 unless passed
    double relative = 0;   ///< time ÷ that of the first tile measured, made of ratios within one interleaved run each
};

/// A finalist's time, from the last measurement.
struct TileTime {
    std::string tile;
    double median_ns = 0, low_ns = 0, high_ns = 0;
};

/// A variant on a problem, tuned.
struct TunedCell {
    std::string variant;  ///< without a tile: "gemm/tiled.opencl"
    std::string problem;
    std::string default_tile;
    TileTime chosen;
    std::optional<TileTime> of_default;  ///< absent where the default tile did not pass
    /// Default's time ÷ chosen's, with its 95 % interval, of pairs within passes.
    std::optional<double> regret, regret_low, regret_high;
    std::string chosen_because;  ///< "fastest", or what it yielded to
    std::vector<TileTime> finalists;
    std::size_t candidates = 0;     ///< tiles that were tried
    std::size_t space = 0;          ///< tiles that there are
    std::vector<TriedTile> failed;  ///< that are not right, did not compile, …
    std::string stopped_by;         ///< "every tile tried", "no better neighbour", "budget"
    std::uint64_t seed = 0;
    std::string driver, revision, date;
    Where where{};
};

/// A variant on a problem whose tuning was broken off: what it had measured.
struct UnfinishedCell {
    std::string variant, problem;
    std::uint64_t seed = 0;
    std::string driver, revision;
    std::vector<TriedTile> tried;
    Where where{};
};

struct TuningFile {
    /// Version 1 did not know which CPUs a cell was tuned on.
    static constexpr DocumentKind kind{"tuning file", "stele-tuning", 2, 1};
    DeviceIdentity device;  ///< as the last writer found it
    std::vector<TunedCell> cells;
    std::vector<UnfinishedCell> unfinished;

    // All of them speak of cells on what the device has of a CPU now, DeviceIdentity::where.

    /// Null if there is none.
    const TunedCell* find(std::string_view variant, std::string_view problem) const;
    /// What was measured of an unfinished cell under the same conditions; else empty.
    std::vector<TriedTile> tried(const UnfinishedCell& like) const;
    /// Takes the place of a cell of the same variant and problem, finished or not.
    void put(TunedCell cell);
    void put(UnfinishedCell cell);
    void forget(std::string_view variant, std::string_view problem);
};

/// "results/tuning/h200-cuda.json"; with the platform's name where the runtime has several, so that a file has one
/// device. Two that are identical have one identity: what is tuned later takes the place of what was.
std::filesystem::path tuning_path(const DeviceIdentity& device);
/// Throws ReportError.
TuningFile read_tuning(const std::filesystem::path& path);
/// The file as it is now; a new one where there is none. Throws ReportError, also where it is of another device.
TuningFile current_tuning(const std::filesystem::path& path, const DeviceIdentity& device);
/// Reads what is there now, changes it, and writes it, while other processes that tune wait: nobody's result is lost.
/// Throws as the others do.
TuningFile update_tuning(const std::filesystem::path& path, const DeviceIdentity& device,
                         const std::function<void(TuningFile&)>& change);
/// Atomically. Throws CannotWrite.
void write_tuning(const std::filesystem::path& path, const TuningFile& file);

}  // namespace stele
