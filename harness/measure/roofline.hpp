// What a device cannot do faster: peak rates with their source, and the floor that they set for a problem.
#pragma once

#include <string>

#include "backends/backend.hpp"
#include "kernels/operation.hpp"

namespace stele {

/// Upper bounds that no right measurement passes; not what a device reaches in practice. 0: not known.
struct Peaks {
    double flops_per_second = 0;
    double bytes_per_second = 0;  ///< of the memory behind the last cache
    std::string source;           ///< what the figures follow from, or why there are none
};

/// Which instructions the CPU has; `x86` false: not known.
struct CpuFeatures {
    bool x86 = false, avx512 = false, amx_bf16 = false;
};
CpuFeatures cpu_features();

/// Peaks for arithmetic on operands of `dtype`: known GPUs by the vendor's figures, an x86 CPU by its widest
/// instructions on all threads at a clock that none exceeds. Nothing for other devices: a guess would fail honest runs.
Peaks peaks(const DeviceInfo& device, Dtype dtype, const CpuFeatures& cpu = cpu_features());

struct Floor {
    double ns = 0;       ///< 0 where no peak is known
    std::string reason;  ///< what takes that long, or why nothing is known
};

/// The shortest time in which a problem can be done. Of the traffic only what exceeds the cache counts: that much of
/// the inputs may still be there from before, and that much of the outputs may stay there after.
Floor floor_of(const Problem& problem, const DeviceInfo& device, const Peaks& peaks);

}  // namespace stele
