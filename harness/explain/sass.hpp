// NVIDIA machine code as nvdisasm prints it: functions, instructions, branch targets.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stele::explain {

struct Instruction {
    std::string predicate;              ///< "@!P0", or empty
    std::string opcode;                 ///< "LDG.E.128"
    std::string operands;               ///< "R4,desc[UR6][R4.64]"
    std::optional<std::size_t> target;  ///< index of the instruction that a branch goes to
    bool conditional = false;           ///< a branch or exit that may fall through
    bool leaves = false;                ///< ends the function, or goes where nobody can tell (an indexed branch)

    /// Opcode up to the first dot: "LDG".
    std::string_view mnemonic() const;
};

struct SassFunction {
    std::string name;  ///< mangled
    std::vector<Instruction> instructions;
};

/// Bytes of one instruction, on every architecture since sm_70.
inline constexpr std::size_t instruction_bytes = 16;

/// Reads the output of `nvdisasm -json`. Padding after the last reachable instruction (NOP, and the branch to itself
/// that ends every function) is left out, so that counts speak of code that can run. Throws std::runtime_error.
std::vector<SassFunction> parse_sass(std::string_view json);

}  // namespace stele::explain
