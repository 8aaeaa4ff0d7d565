// Tensors and references that two processes share through a file in memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/base/channel.hpp"
#include "kernels/operation.hpp"

namespace stele {

/// How many bytes each part of a shared file takes, in its order.
using PartSizes = std::vector<std::uint64_t>;

/// A file in memory that holds the tensors' data one after the other. Throws std::runtime_error.
Descriptor shared(std::span<const Tensor> tensors, PartSizes& sizes);
/// The same of references: values, bounds, then sampled indices of each.
Descriptor shared(std::span<const Expected> expected, PartSizes& sizes);

/// What shared() wrote, into tensors of these specs. A spec of open length follows its data. Throws std::runtime_error
/// where the file does not fit.
std::vector<Tensor> shared_tensors(const Descriptor& file, const PartSizes& sizes, std::vector<TensorSpec> specs);
std::vector<Expected> shared_expected(const Descriptor& file, const PartSizes& sizes);

}  // namespace stele
