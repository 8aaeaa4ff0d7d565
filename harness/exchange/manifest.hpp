// Folders of tensors: `<name>.npy` files beside a manifest.json that says what they are.
#pragma once

#include <filesystem>
#include <vector>

#include "harness/record/measurement.hpp"
#include "kernels/operation.hpp"

namespace stele {

/// The inputs of a problem from `folder`, in the order of Problem::tensors(). Throws BadInput.
std::vector<Tensor> read_inputs(const std::filesystem::path& folder, const Problem& problem);

/// Throws CannotWrite if write_run() could not write there: `folder` holds what is not of an earlier run.
void check_run_folder(const std::filesystem::path& folder);

/// Writes inputs, outputs, and for each output what it must be: `<name>.reference.npy` and `<name>.bound.npy`, NaN
/// where the reference is sampled and says nothing. `outputs` may be empty. A folder of an earlier run is replaced as a
/// whole, or not at all. Throws CannotWrite.
void write_run(const std::filesystem::path& folder, const Measurement& measurement, const Problem& problem,
               const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
               const std::vector<Expected>& expected);

}  // namespace stele
