// Tensors as NumPy's .npy files (format 1.0; 2.0 and 3.0 are read too): numpy.lib.format describes it.
// bf16, which NumPy lacks, is stored as its bits in '<u2'.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "kernels/tensor.hpp"

namespace stele {

/// NumPy's name for an element type: '<f4'.
std::string_view npy_type(Dtype dtype);

/// The whole file.
std::string npy_bytes(const Tensor& tensor);

/// A tensor as `spec` describes it. Throws BadInput if `bytes` is not such a file, or is of another dtype, byte order,
/// element order, shape (but for an open length) or length. `origin` names the file.
Tensor tensor_from_npy(std::string_view bytes, const TensorSpec& spec, const std::string& origin);

void write_npy(const std::filesystem::path& path, const Tensor& tensor);
Tensor read_npy(const std::filesystem::path& path, const TensorSpec& spec);

}  // namespace stele
