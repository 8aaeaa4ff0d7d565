// What a stretch of code asks of each pipe of a multiprocessor: counted from instructions, without rates.
#pragma once

#include <cstddef>
#include <span>

#include "harness/explain/sass.hpp"

namespace stele::explain {

/// Of one warp, once through: never more than the hardware has to do.
struct PipeWork {
    double issued = 0;        ///< instructions
    double fp32 = 0;          ///< results of a lane, two of a packed instruction
    double fp16 = 0;          ///< the same; a packed instruction has two
    double multiply = 0;      ///< results of integer multiply-adds of a lane
    double integer = 0;       ///< adds, shifts, comparisons and logic that the programming guide's table names
    double special = 0;       ///< MUFU
    double memory = 0;        ///< instructions that load or store
    double shared_bytes = 0;  ///< see shared_bytes_of() in the .cpp: of a load at least what one address takes
    double l2_bytes = 0;      ///< of copies that pass by the L1 cache
    double matrix_flops = 0;  ///< as many of 16-bit operands as take the matrix unit as long

    bool operator==(const PipeWork&) const = default;
};

/// Of the instructions at `indices`. One under a predicate is sure to take its issue slot, and no more.
PipeWork pipe_work(const SassFunction& function, std::span<const std::size_t> indices);

/// Does floating-point arithmetic on the FMA pipe or the matrix unit.
bool is_arithmetic(const Instruction& instruction);

}  // namespace stele::explain
