// Blocks that one multiprocessor holds, and the limit that binds.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stele::explain {

/// What one multiprocessor has. Source: CUDA C++ Programming Guide, "Technical specifications per compute capability".
struct MultiprocessorLimits {
    std::string_view architecture;
    int warps, blocks, registers, registers_per_thread;
    std::size_t shared_bytes, shared_bytes_per_block;
};

/// Architectures that `stele explain` knows.
const std::vector<MultiprocessorLimits>& known_architectures();
std::optional<MultiprocessorLimits> limits_of(std::string_view architecture);

struct Occupancy {
    int blocks = 0;       ///< per multiprocessor
    double fraction = 0;  ///< warps ÷ the most it can hold
    std::string limit;    ///< "registers", "shared memory", "warps", "blocks", or why no block fits
};

/// Registers are granted in units of 256 a warp, warps in fours, shared memory in units of 128 bytes with 1 KiB kept by
/// the system for each block (NVIDIA's occupancy calculator, Nsight Compute).
Occupancy occupancy(const MultiprocessorLimits& limits, int threads, int registers, std::size_t shared_bytes);

}  // namespace stele::explain
