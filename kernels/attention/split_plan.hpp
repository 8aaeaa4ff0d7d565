// The plan of the kernels that cut the keys over blocks by keys_of_part(): flash_split, flash_stream, latent,
// latent_tensor, latent_hopper.
#pragma once

#include <string>
#include <vector>

#include "kernels/attention/rows.hpp"

namespace stele::attention {

/// A kernel attention_<algorithm> with one of its tiles.
struct SplitLaunch {
    std::string algorithm;      ///< "latent"
    std::string tile;           ///< its text
    int block_m = 0, step = 0;  ///< a block's packed rows, and the keys of which a part has a whole number
    int threads = 1;
    std::size_t shared_bytes = 0;      ///< that the launch asks for
    std::vector<std::string> options;  ///< of the tile, for OpenCL
    std::vector<Operand> scales;       ///< behind the inputs that all have, where the kernel reads them
};

/// No where so many rows read each key that the algorithms for prefill do better, or where keys are their values too.
Support wants_few_rows(const Shape& shape);

/// The kernel, given Q, K, V, the page table, the offsets, scales, O, lse, what parts leave, sizes and scalars, and
/// where there are several parts flash's combine. Latent keys are one head's and their values too: their kernels are
/// given neither V nor kv_heads.
Plan split_plan(Language language, const SplitLaunch& launch, const DeviceInfo& device, const Shape& shape);

}  // namespace stele::attention
