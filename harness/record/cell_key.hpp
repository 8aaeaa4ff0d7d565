// The one identity of a cell: what must be alike for two times to be of the same thing.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "harness/record/measurement.hpp"

namespace stele {

/// Driver, library versions and seed are conditions: reported, and not part of the identity.
struct CellKey {
    std::string variant, problem;
    std::string hardware;           ///< with the family of a CPU where the report knows it; empty: no device
    std::string backend, platform;  ///< the runtime
    Regime regime = Regime::burst;
    CacheMode cache = CacheMode::cold;
    Fill fill = Fill::normal;
    int threads = 0;   ///< of a CPU: the library's own, where it tells, else the device's; 0 elsewhere
    std::string cpus;  ///< that the process was allowed, "0-3,8"; empty elsewhere, and where an old report does not say
    double cpu_quota = 0;  ///< CPUs' worth of time; 0: no quota

    auto operator<=>(const CellKey&) const = default;

    /// "gemm/tiled.opencl@64x64 | m=512 … f32 | AMD EPYC (…) | opencl | Portable Computing Language | burst cold normal
    /// | 2 threads on 0-1 for 1.5". parse_cell_key() reads it back.
    std::string text() const;
    /// Its end: "2 threads on 0-1", with " for 1.5" under a quota; empty where it is no CPU.
    std::string where() const;
};

/// Throws ReportError if the text is not one of CellKey::text().
CellKey parse_cell_key(std::string_view text);

/// Of a measurement of this report.
CellKey key_of(const Measurement& measurement, const Report& report);

/// A cell as people are told of it, by the device's id: "gemm/tiled.cuda@128x128 on m=… (cuda:0)".
std::string cell_title(std::string_view variant, std::string_view problem, std::string_view device);
/// As trackers know it: "gemm/tiled.cuda@128x128/m=… f32/cuda:0", and "…/warm" where it is not burst, cold and normal.
std::string cell_path(const Measurement& measurement);

}  // namespace stele
