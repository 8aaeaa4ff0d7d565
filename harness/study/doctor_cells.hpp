// What `stele doctor` runs on a device: kernels that reach its ceilings, and of each kind one that it compares with
// itself.
#pragma once

#include <memory>
#include <vector>

#include "harness/catalog/registry.hpp"
#include "harness/measure/cell.hpp"
#include "harness/record/measurement.hpp"

namespace stele {

struct DoctorCells {
    std::vector<std::unique_ptr<Problem>> problems;
    std::vector<Cell> cells;  ///< they point into `problems`
};

/// Every variant of `ceiling` that the device has, on problems of a size for it: large beside its cache, a millisecond
/// or so long; and launches. On a device without any of them, a library's GEMM. Registry and device outlive it.
DoctorCells doctor_cells(const Registry& registry, const std::vector<const DeviceInfo*>& devices);

/// Of the timed cells the fastest of each kind on each device, by its place among the measurements.
std::vector<std::size_t> fastest_of_each_kind(const std::vector<Measurement>& measured);

/// The ceilings that these measurements reached on a device: of each dtype's arithmetic and of memory the highest.
std::vector<Ceiling> ceilings_of(const std::vector<Measurement>& measured, const std::string& device);

}  // namespace stele
