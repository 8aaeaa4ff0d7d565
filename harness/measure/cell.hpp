// What is run: a variant on a problem on a device.
#pragma once

#include <optional>
#include <string>

#include "backends/backend.hpp"
#include "harness/measure/options.hpp"
#include "harness/record/measurement.hpp"
#include "kernels/operation.hpp"

namespace stele {

/// What it points to outlives the run.
struct Cell {
    const Variant* variant = nullptr;
    const Problem* problem = nullptr;
    const DeviceInfo* device = nullptr;
    std::optional<std::string> tuning{};  ///< which entry chose the tile; goes into the measurement
};

/// A measurement with everything but a verdict.
Measurement blank_measurement(const Variant& variant, const Problem& problem, const std::string& device,
                              const SamplerOptions& options);

/// The same of a cell, and where its tile is from.
Measurement blank_measurement(const Cell& cell, const SamplerOptions& options);

}  // namespace stele
