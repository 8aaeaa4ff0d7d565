// How well each language does on each device, and how evenly over the devices: from reports, with intervals.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/base/statistics.hpp"
#include "harness/record/measurement.hpp"
#include "harness/study/performance_portability.hpp"

namespace stele {

/// What an efficiency is a share of: the speed of the suite's fastest kernel for that problem on that device, of the
/// fastest with vendors' libraries among them (application efficiency, both), or of the ceiling that was measured there
/// (architectural efficiency).
enum class EfficiencyOf { kernels, libraries, ceiling };
constexpr auto name_list(EfficiencyOf) {
    return name_rows<EfficiencyOf>({{EfficiencyOf::kernels, "kernels"},
                                    {EfficiencyOf::libraries, "libraries"},
                                    {EfficiencyOf::ceiling, "ceiling"}});
}

/// What is alike in all cells whose efficiencies are averaged.
struct PortabilityScope {
    std::string operation;
    Dtype dtype = Dtype::f32;
    Regime regime = Regime::burst;
    CacheMode cache = CacheMode::cold;
    Fill fill = Fill::normal;

    auto operator<=>(const PortabilityScope&) const = default;
    /// "gemm f32, burst cold normal".
    std::string text() const;
};

/// A piece of hardware, by whichever runtime; a CPU with what of it the process was given.
struct PortabilityDevice {
    std::string hardware, cpus;
    double cpu_quota = 0;

    auto operator<=>(const PortabilityDevice&) const = default;
    /// "AMD EPYC (…) on CPUs 0-1".
    std::string text() const;
};

/// A figure with the interval that a bootstrap gives it.
struct Estimate {
    double value = 0;
    Interval interval;
};

/// A language's fastest cell for one problem on one device.
struct FastestCell {
    std::string problem, variant;
    double ns = 0, efficiency = 0;
};

/// A language on a device.
struct LanguageOnDevice {
    std::size_t asked = 0;  ///< problems with a cell in this language
    std::size_t taken = 0;  ///< of those, right and with a time
    /// The harmonic mean over the problems that were taken, which is that of one run of all of them, each as long as
    /// the best takes; nothing where it takes none, or nobody asked, or the ceiling is not known.
    std::optional<Estimate> efficiency;
    bool supported = true;  ///< false: it was asked, and no problem was taken, or no runtime of the device speaks it
    std::string why_not;    ///< there is no efficiency
    std::vector<FastestCell> cells;
};

struct LanguagePortability {
    Language language = Language::host;
    std::vector<LanguageOnDevice> devices;  ///< in the scope's order
    /// 0 where a device is not supported; nothing where one was not measured, and none is unsupported.
    std::optional<Estimate> pp;
    std::optional<Estimate> supported_mean, minimum;  ///< over the devices with an efficiency
    std::size_t supported = 0, unsupported = 0, unknown = 0;
    std::vector<CascadeStep> cascade;  ///< empty without a PP

    double coverage() const { return static_cast<double>(supported) / static_cast<double>(devices.size()); }
};

struct EfficiencyKind {
    EfficiencyOf of;
    std::vector<LanguagePortability> languages;  ///< in the order of the enumerators
};

struct ScopePortability {
    PortabilityScope scope;
    std::vector<PortabilityDevice> devices;
    std::vector<std::string> problems;  ///< that count on some device
    std::size_t common = 0;             ///< of those, measured on every device
    std::vector<EfficiencyKind> kinds;
};

struct PortabilityRules {
    bool common_problems = false;  ///< only problems that were measured on every device count
    std::uint64_t seed = 1;
    int resamples = 1000;
    double confidence = 0.95;
};

/// One for each scope in which something was timed, in order. A cell's time is the geometric mean over its rounds of
/// each round's median. The intervals are percentile intervals of a bootstrap that draws, for each cell by itself, its
/// rounds and in each its samples (Davison and Hinkley, Bootstrap Methods and their Application, 3.8), and makes all
/// from that anew: which cell is the best, each efficiency, PP. With few rounds they are too narrow; of a single round
/// they hold what differs between samples, and not between processes. A ceiling counts as exact.
std::vector<ScopePortability> portability_of(std::span<const Report> reports, const PortabilityRules& rules);

}  // namespace stele
