// How even an efficiency is over a set of devices: arithmetic alone, of numbers from 0 to 1.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace stele {

/// Of one device each; nothing where it is not supported.
using Efficiencies = std::span<const std::optional<double>>;

struct PerformancePortability {
    /// PP: the harmonic mean over all devices, 0 where one is not supported (Pennycook, Sewall and Lee, A Metric for
    /// Performance Portability, PMBS 2016; Implications of a Metric for Performance Portability, FGCS 92, 2019).
    double pp = 0;
    double supported_mean = 0;  ///< the harmonic mean over those that are supported; 0 where none is
    double minimum = 0;         ///< over those that are supported; 0 where none is
    double coverage = 0;        ///< share of the devices that is supported
};

/// Nothing is known of no devices: all zero.
PerformancePortability performance_portability(Efficiencies efficiencies);

/// One step of a cascade: the device that is added, and PP over it and those before it.
struct CascadeStep {
    std::size_t device = 0;
    double efficiency = 0, pp = 0;
};

/// The devices by falling efficiency, those that are not supported last, with PP over each beginning of the list
/// (Sewall, Pennycook, Jacobsen, Deakin and McIntosh-Smith, Interpreting and Visualizing Performance Portability
/// Metrics, P3HPC 2020).
std::vector<CascadeStep> cascade(Efficiencies efficiencies);

}  // namespace stele
