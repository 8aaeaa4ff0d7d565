// Where reports go: one file a piece of hardware, below results/.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/record/measurement.hpp"

namespace stele {

struct ReportFile {
    std::filesystem::path path;
    Report report;
    bool is_numbered = false;  ///< by report_path(): where the path was taken meanwhile, the next number is
};

/// `results/<hardware>/<date>-<revision>.json`, with "-2", "-3", … where a file is there already.
std::filesystem::path report_path(const std::string& hardware, const Environment& environment);

/// A report for each piece of hardware: its devices, their cells, and the cells without a device.
std::vector<ReportFile> split_by_hardware(const Report& report);

/// Writes atomically, and returns where. If that fails now, although it could be written before the run, the report
/// goes wherever write_somewhere() finds a place, and the CannotWrite names both.
std::filesystem::path write_report(const ReportFile& file);

}  // namespace stele
