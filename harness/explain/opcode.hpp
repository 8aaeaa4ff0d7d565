// What an opcode of NVIDIA's machine code says in its parts: "LDG.E.128", "HGMMA.64x128x16.F32.BF16".
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

namespace stele::explain {

/// "LDG", "E", "128".
std::vector<std::string_view> opcode_parts(std::string_view opcode);
bool has_part(std::string_view opcode, std::string_view part);
bool is_one_of(std::string_view mnemonic, std::initializer_list<std::string_view> list);

/// "HFMA2.MMA R0, -RZ, RZ, …" and the like put a constant into a register; they compute nothing.
bool puts_constant(std::string_view mnemonic, std::string_view operands);

/// Bits that a load or store moves for one thread: its width suffix, 32 without one.
int access_bits(std::string_view opcode);
/// 8×8 tiles of 16-bit elements that LDSM or STSM moves: 4 bytes a thread each.
int matrices_moved(std::string_view opcode);

/// Of the matrix unit: HMMA, IMMA, HGMMA, …
bool is_matrix_mnemonic(std::string_view mnemonic);
/// M, N and K of a matrix instruction; zeros where the opcode does not tell.
struct MatrixShape {
    int m = 0, n = 0, k = 0;
    double products() const { return static_cast<double>(m) * n * k; }
};
MatrixShape matrix_shape(std::string_view opcode);

}  // namespace stele::explain
