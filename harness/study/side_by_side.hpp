// Reports, put side by side: per problem and piece of hardware, what each variant took and what that is of the best.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/record/measurement.hpp"

namespace stele {

/// What a device is made of. The CPU is one piece of hardware, by whichever runtime it is reached, and so is a GPU that
/// CUDA and OpenCL both list.
std::string hardware_of(const DeviceInfo& device, const Environment& environment);

/// A name for a folder: "NVIDIA H200" is "h200", "AMD EPYC 9R14 96-Core Processor" is "epyc-9r14".
std::string hardware_slug(const std::string& hardware);

/// One variant of a problem. Ratios are own speed over the other's, within one report.
struct ComparedCell {
    std::string variant;
    std::size_t report = 0;                    ///< index of its report
    const Measurement* measurement = nullptr;  ///< null: not run in this report
    std::optional<double> of_best, of_vendor;
};

/// All that is known of one problem on one piece of hardware under the same conditions.
struct ComparedProblem {
    std::string operation, problem, hardware;
    std::optional<std::string> known_as{};
    Regime regime = Regime::burst;
    CacheMode cache = CacheMode::cold;
    Fill fill = Fill::normal;
    double flops = 0, bytes = 0;
    std::vector<ComparedCell> cells;  ///< vendor libraries last

    /// Fewer than `bandwidth_intensity` FLOPs for a byte: the rate that matters is bytes/s.
    static constexpr double bandwidth_intensity = 10;
    bool by_bandwidth() const { return bytes > 0 && flops / bytes < bandwidth_intensity; }
    /// FLOP/s, or bytes/s, of a cell with a timing.
    double rate(const ComparedCell& cell) const;
};

/// The reports must outlive the result. Problems in order of their first appearance.
std::vector<ComparedProblem> compare_reports(std::span<const Report> reports);

}  // namespace stele
