// Reports, put side by side: per problem and piece of hardware, what each variant took and what that is of the best.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/record/ceiling.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

/// One variant of a problem. Ratios are own speed over the other's, within one report.
struct CellSide {
    std::string variant;
    std::size_t report = 0;                    ///< index of its report
    const Measurement* measurement = nullptr;  ///< null: not run in this report
    std::optional<double> of_best, of_vendor;

    /// Null where it has none.
    const Timing* timing() const { return measurement && measurement->timing ? &*measurement->timing : nullptr; }
};

/// All that is known of one problem on one piece of hardware under the same conditions.
struct ProblemSides {
    std::string operation, problem, hardware;
    std::optional<std::string> known_as{};
    Regime regime = Regime::burst;
    CacheMode cache = CacheMode::cold;
    Fill fill = Fill::normal;
    double flops = 0, bytes = 0;
    std::vector<CellSide> cells;  ///< vendor libraries last

    /// Fewer than `bandwidth_intensity` FLOPs for a byte: the rate that matters is bytes/s.
    bool by_bandwidth() const { return bytes > 0 && flops / bytes < bandwidth_intensity; }
    /// FLOP/s, or bytes/s, of a cell with a timing.
    double rate(const CellSide& cell) const;
};

/// The reports must outlive the result. Problems in order of their first appearance.
std::vector<ProblemSides> side_by_side(std::span<const Report> reports);

}  // namespace stele
