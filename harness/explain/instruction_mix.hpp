// What instructions do: classes, counts, work per loop iteration.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "harness/explain/sass.hpp"

namespace stele::explain {

/// Class of an opcode, as tables show it: "HGMMA", "fp32", "LDG.128", "cp.async", "barrier", "branch", "integer", …
/// Matrix instructions and loads and stores are told apart by kind and by width in bits.
std::string instruction_class(std::string_view opcode);

/// What one thread (or, for matrix instructions, one warp) does in a stretch of code.
struct InstructionMix {
    std::size_t total = 0;
    std::map<std::string, std::size_t> by_class;
    double flops_per_thread = 0;       ///< scalar and packed arithmetic: an FMA is 2, HFMA2 is 4
    double matrix_flops_per_warp = 0;  ///< HMMA, IMMA, HGMMA and the like, by the shape in the opcode
    double global_load_bytes = 0;      ///< by one thread
    double global_store_bytes = 0;
    double shared_load_bytes = 0;
    double shared_store_bytes = 0;
    std::size_t local_accesses = 0;  ///< LDL and STL: spills, or arrays indexed at run time

    std::size_t count(std::string_view wanted_class) const;
    /// All arithmetic, of one thread: its share of the matrix instructions too.
    double thread_flops() const { return flops_per_thread + matrix_flops_per_warp / 32; }
    /// All matrix instructions, of whatever kind.
    std::size_t matrix_instructions() const;
    /// All instructions of the tensor memory accelerator, and bulk copies.
    std::size_t tma() const;
    std::size_t fp32_fma = 0;
};

/// Counts the instructions at `indices` of a function.
InstructionMix count_mix(const SassFunction& function, std::span<const std::size_t> indices);
InstructionMix count_mix(const SassFunction& function);

}  // namespace stele::explain
