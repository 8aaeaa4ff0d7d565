#include "harness/explain/pipe_work.hpp"

#include <algorithm>

#include "harness/explain/machine_rates.hpp"
#include "harness/explain/opcode.hpp"

namespace stele::explain {
namespace {

/// Bytes of a row of all banks, which the least access takes for a cycle.
constexpr double row_bytes = 128;
constexpr double warps_of_group = 4;  // that share a wgmma

bool is_group_matrix(std::string_view mnemonic) {
    return is_matrix_mnemonic(mnemonic) && mnemonic.substr(1).starts_with("GMMA");
}

/// Flops of 16-bit operands for one flop, by how long the matrix unit takes.
double operand_weight(const Instruction& instruction) {
    if (has_part(instruction.opcode, "TF32")) return 2;
    const auto mnemonic = instruction.mnemonic();
    return is_one_of(mnemonic, {"IMMA", "QMMA", "IGMMA", "QGMMA"})  ? 0.5
           : is_one_of(mnemonic, {"BMMA", "BGMMA", "OMMA", "DMMA"}) ? 0
                                                                    : 1;
}

/// Of one warp. A load may be of one address for all lanes, so it is sure of one row only, whatever its width; two
/// lanes store to two places; a matrix of LDSM or STSM is a row. A wgmma reads B, and A where it is no register, both
/// of them 32 bytes wide in K, once for its four warps (PTX ISA, wgmma).
double shared_bytes_of(const Instruction& instruction) {
    const auto mnemonic = instruction.mnemonic();
    if (mnemonic == "LDS") return row_bytes;
    if (is_one_of(mnemonic, {"LDSM", "STSM"})) return row_bytes * matrices_moved(instruction.opcode);
    if (is_one_of(mnemonic, {"STS", "LDGSTS"}))
        return std::max(row_bytes, warp_lanes * access_bits(instruction.opcode) / 8);
    if (!is_group_matrix(mnemonic)) return 0;
    constexpr double bytes_in_k = 32;
    const MatrixShape shape = matrix_shape(instruction.opcode);
    const std::string_view operands = instruction.operands;
    const bool a_is_shared = operands.substr(operands.find(',') + 1).starts_with("gdesc");
    return bytes_in_k * (shape.n + (a_is_shared ? shape.m : 0)) / warps_of_group;
}

void count_memory(const Instruction& instruction, PipeWork& work) {
    const auto mnemonic = instruction.mnemonic();
    const bool accesses = is_one_of(mnemonic, {"LDG", "LD", "STG", "ST", "LDS", "STS", "LDSM", "STSM", "LDGSTS", "LDL",
                                               "STL", "ATOM", "ATOMG", "ATOMS", "RED", "REDG"});
    work.memory += accesses;
    work.shared_bytes += shared_bytes_of(instruction);
    if (mnemonic == "LDGSTS" && has_part(instruction.opcode, "BYPASS"))
        work.l2_bytes += warp_lanes * access_bits(instruction.opcode) / 8;
}

void count_arithmetic(const Instruction& instruction, PipeWork& work) {
    const auto mnemonic = instruction.mnemonic();
    if (is_one_of(mnemonic, {"FFMA", "FADD", "FMUL", "FFMA32I", "FADD32I", "FMUL32I"})) ++work.fp32;
    if (is_one_of(mnemonic, {"FFMA2", "FADD2", "FMUL2"})) work.fp32 += 2;
    if (is_one_of(mnemonic, {"HFMA2", "HADD2", "HMUL2", "HFMA2_32I", "HADD2_32I", "HMUL2_32I"}) &&
        !instruction.opcode.starts_with("HADD2.F32") && !puts_constant(mnemonic, instruction.operands))
        work.fp16 += 2;
    if (is_one_of(mnemonic, {"IMAD", "IDP"})) ++work.multiply;
    if (is_one_of(mnemonic, {"IADD3", "LOP3", "SHF", "ISETP", "FSETP", "IMNMX", "VIMNMX", "FMNMX"})) ++work.integer;
    if (mnemonic == "MUFU") ++work.special;
    if (is_matrix_mnemonic(mnemonic))
        work.matrix_flops += 2 * matrix_shape(instruction.opcode).products() * operand_weight(instruction) /
                             (is_group_matrix(mnemonic) ? warps_of_group : 1);
}

}  // namespace

PipeWork pipe_work(const SassFunction& function, std::span<const std::size_t> indices) {
    PipeWork work;
    for (const std::size_t index : indices) {
        const Instruction& instruction = function.instructions[index];
        ++work.issued;
        if (!instruction.predicate.empty() && !is_arithmetic(instruction)) continue;
        count_memory(instruction, work);
        count_arithmetic(instruction, work);
    }
    return work;
}

bool is_arithmetic(const Instruction& instruction) {
    PipeWork work;
    count_arithmetic(instruction, work);
    return work.fp32 + work.fp16 + work.matrix_flops > 0;
}

}  // namespace stele::explain
