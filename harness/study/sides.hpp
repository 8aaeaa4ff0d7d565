// One side of a comparison: its reports' cells, each with the rounds that timed it. A round is a process, whichever
// report it stands in.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "harness/record/cell_key.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

/// A cell in one process.
struct CellRound {
    std::size_t slot = 0;  ///< the process's place among all of its side: rounds of equal slots are a pair
    std::vector<double> samples_ns;
    double median_ns = 0;
    std::vector<double> cycles;     ///< of each sample, by its SM clock; empty where the device cannot tell
    std::vector<double> clock_mhz;  ///< of each sample; empty as above
    std::size_t throttled = 0;      ///< samples with a reason to throttle
    std::set<std::string> throttle_reasons;
};

/// Where a cell stands.
struct CellSource {
    const Report* report;
    const Measurement* measurement;
};

/// One cell over all reports of a side.
struct SideCell {
    CellKey key;
    std::size_t twin = 0;             ///< among cells of the same key in a report, as two equal devices have
    std::vector<CellSource> sources;  ///< at least one
    std::vector<CellRound> rounds;    ///< ascending by slot; empty: no time

    const Measurement& first() const { return *sources.front().measurement; }
    /// The first source that failed, else that passed, else the first of all.
    const Measurement& telling() const;
    /// Of its rounds' medians; at least one round.
    double median_ns() const;
    /// Its device in the first report; null where it has none.
    const DeviceInfo* device() const;
};

/// The cells of so many sides of the reports, which must outlive them, in the order of their first appearance.
/// `side_of` tells of which side a measurement is. Cells without a device are left out: nothing was to be measured.
std::vector<std::vector<SideCell>> side_cells(
    std::span<const Report> reports, std::size_t sides,
    const std::function<std::size_t(const Report&, const Measurement&)>& side_of);

/// Processes that have timed the report's cells: at least one.
std::size_t processes_of(const Report& report);

/// Rounds of two cells that belong together: those of equal slots, or where there are none, one after the other.
struct PairedRounds {
    const CellRound *base, *other;
};
std::vector<PairedRounds> pair_rounds(const SideCell& base, const SideCell& other);

}  // namespace stele
