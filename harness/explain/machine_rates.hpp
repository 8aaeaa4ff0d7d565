// What one multiprocessor does in a clock cycle at most: one table, with its sources.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace stele::explain {

/// Warp schedulers, each with its own part of the pipes; a warp instruction a cycle each (tuning guides of Ampere,
/// Hopper and Blackwell, "Streaming Multiprocessor").
inline constexpr double sub_partitions = 4, warp_lanes = 32;

/// A cycle and multiprocessor; 0: not published, so that the pipe bounds nothing.
struct MachineRates {
    std::string_view architecture;  ///< "sm_90", and with a letter after it
    double fp32;                    ///< results of multiply-adds
    double fp16;                    ///< results of multiply-adds, two of a packed instruction
    double multiply;                ///< results of 32-bit integer multiply-adds, which take the FMA pipe
    double integer;                 ///< results of 32-bit adds, shifts, comparisons and logic
    double special;                 ///< results of reciprocals, square roots, exponentials, logarithms, sines
    double memory;                  ///< threads that load or store
    double shared_bytes;
    double l2_bytes;      ///< read from the L2 cache, its whole rate shared by all multiprocessors
    double matrix_flops;  ///< of dense 16-bit operands; twice that of 8 bits, half of tf32
    std::string_view source;
};

const std::vector<MachineRates>& machine_rates();
/// "sm_90a" has the rates of "sm_90".
std::optional<MachineRates> rates_of(std::string_view architecture);

}  // namespace stele::explain
