// Reports as a history: what each cell took, from the oldest run to the newest.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/record/cell_key.hpp"
#include "harness/study/report_tables.hpp"

namespace stele {

/// One run of a cell: timed, right and too slow to be timed, or failed.
struct CoursePoint {
    std::size_t report = 0;  ///< index of its report
    const Measurement* cell = nullptr;

    bool is_timed() const { return cell->timing.has_value(); }
};

/// From here on the times are others, as a change-point tool found.
struct ChangePoint {
    std::size_t point = 0;               ///< the first that is different, among those of its segment
    double before_ns = 0, after_ns = 0;  ///< means of the stretches on both sides
    double p = 1;  ///< probability that chance alone makes such a difference; 0: below what the tool prints

    double ratio() const { return after_ns / before_ns; }
};

/// Points that can be compared: of one driver, on one machine.
struct CourseSegment {
    std::string driver;   ///< of the device
    std::string machine;  ///< its CPU
    std::vector<CoursePoint> points;
    std::vector<ChangePoint> changes;

    std::vector<std::size_t> timed_points() const;
};

struct Course {
    CellKey key;
    std::vector<CourseSegment> segments;

    std::size_t size() const;
};

struct History {
    std::vector<Course> courses;  ///< in the order of their first appearance
    std::size_t never_ran = 0;    ///< cells that were skipped in every report
};

/// By the time at which they were started, the oldest first.
void sort_by_time(std::vector<NamedReport>& reports);

/// `reports` outlive the result, oldest first.
History history_of(std::span<const NamedReport> reports);

/// What made this cell's code or stands for it, as far as the report tells: CUDA's compiler, the host's, or the library
/// with its version. Empty for OpenCL C, which the driver compiles.
std::string toolkit_of(const Measurement& cell, const Environment& made);

}  // namespace stele
