// The plan of the kernels that cut the keys over blocks by keys_of_part(): flash_split, flash_stream, latent,
// latent_tensor.
#pragma once

#include <string>
#include <vector>

#include "kernels/attention/rows.hpp"

namespace stele::attention {

/// A kernel attention_<algorithm> with one of its tiles.
struct SplitLaunch {
    std::string algorithm;  ///< "latent"
    std::string tile;       ///< its text
    int block_m, step;      ///< a block's packed rows, and the keys of which a part has a whole number
    int threads;
    std::size_t shared_bytes;               ///< that the launch asks for
    std::vector<std::string> options = {};  ///< of the tile, for OpenCL
    std::vector<Operand> inputs = {};       ///< the kernel's first operands
};

/// No where so many rows read each key that the algorithms for prefill do better, or where keys are their values too.
Support wants_few_rows(const Shape& shape);

/// The kernel, given its inputs, O, lse, what parts leave, sizes and scalars, and where there are several parts flash's
/// combine. Latent keys are one head's, and their kernels are given no kv_heads.
Plan split_plan(Language language, const SplitLaunch& launch, const DeviceInfo& device, const Shape& shape);

}  // namespace stele::attention
