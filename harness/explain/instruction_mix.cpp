#include "harness/explain/instruction_mix.hpp"

#include <numeric>
#include <vector>

#include "harness/explain/opcode.hpp"

namespace stele::explain {
std::string instruction_class(std::string_view opcode) {
    const auto mnemonic = opcode.substr(0, opcode.find('.'));
    const auto with_width = [&](std::string_view kind) {
        return std::string(kind) + '.' + std::to_string(access_bits(opcode));
    };

    // Moves of zero are written as arithmetic on the zero register; the opcode alone cannot tell them apart.
    if (is_matrix_mnemonic(mnemonic)) return std::string(mnemonic);
    if (is_one_of(mnemonic, {"WARPGROUP", "WARPGROUPSET"})) return "wgmma sync";
    if (is_one_of(mnemonic, {"FFMA", "FADD", "FMUL", "FFMA2", "FADD2", "FMUL2", "FFMA32I", "FADD32I", "FMUL32I"}))
        return "fp32";
    // "HADD2.F32" is how f16 becomes f32.
    if (opcode.starts_with("HADD2.F32")) return "convert";
    if (is_one_of(mnemonic, {"HFMA2", "HADD2", "HMUL2", "HFMA2_32I", "HADD2_32I", "HMUL2_32I"})) return "fp16";
    if (is_one_of(mnemonic, {"DFMA", "DADD", "DMUL"})) return "fp64";
    if (is_one_of(mnemonic, {"MUFU"})) return "special";
    if (is_one_of(mnemonic, {"FMNMX", "FSETP", "FSEL", "FSET", "FCHK", "FSWZADD", "HSETP2", "HMNMX2", "HSET2", "FMNMX3",
                             "DSETP"}))
        return "fp compare";
    if (is_one_of(mnemonic, {"F2F", "F2I", "I2F", "I2FP", "F2FP", "F2IP", "FRND", "I2I", "I2IP"})) return "convert";
    if (mnemonic == "LDGSTS") return "cp.async";
    if (mnemonic.starts_with("UTMA") || mnemonic.starts_with("UBLKCP") || mnemonic.starts_with("UBLKRED") ||
        mnemonic.starts_with("UBLKPF"))
        return has_part(opcode, "MULTICAST") ? "TMA multicast" : "TMA";
    if (is_one_of(mnemonic, {"LDG", "LD"})) return with_width("LDG");
    if (is_one_of(mnemonic, {"STG", "ST"})) return with_width("STG");
    if (mnemonic == "LDS") return with_width("LDS");
    if (mnemonic == "STS" || mnemonic == "STAS") return with_width("STS");
    if (mnemonic == "LDSM") return "LDSM.x" + std::to_string(matrices_moved(opcode));
    if (mnemonic == "STSM") return "STSM.x" + std::to_string(matrices_moved(opcode));
    if (is_one_of(mnemonic, {"LDL", "STL"})) return "local";
    if (is_one_of(mnemonic, {"LDC", "ULDC", "LDCU"})) return "constant";
    if (is_one_of(mnemonic, {"ATOM", "ATOMG", "ATOMS", "RED", "REDG", "REDUX", "CREDUX", "UREDGR"})) return "atomic";
    if (is_one_of(mnemonic, {"BAR",          "DEPBAR", "LDGDEPBAR", "WARPSYNC",     "SYNCS",     "MEMBAR",
                             "FENCE",        "ERRBAR", "BSYNC",     "BSSY",         "B2R",       "UCGABAR_ARV",
                             "UCGABAR_WAIT", "CCTL",   "ACQBULK",   "UTMACMDFLUSH", "NANOSLEEP", "YIELD",
                             "ARRIVES",      "ELECT",  "BREAK",     "BMOV",         "CGAERRBAR"}))
        return "barrier";
    if (is_one_of(mnemonic, {"SHFL", "VOTE", "VOTEU", "MATCH"})) return "warp exchange";
    if (is_one_of(mnemonic, {"BRA", "BRX", "JMP", "EXIT", "CALL", "RET", "BPT", "PRET"})) return "branch";
    if (is_one_of(mnemonic, {"USETMAXREG"})) return "setmaxnreg";
    if (mnemonic == "NOP") return "nop";
    if (is_one_of(mnemonic, {"S2R",  "S2UR",  "CS2R", "MOV",    "UMOV", "R2UR",  "R2P",    "P2R",   "SEL",  "USEL",
                             "PRMT", "UPRMT", "MOVM", "MOV32I", "R2B",  "PLOP3", "UPLOP3", "UP2UR", "R2UP", "S2UP"}))
        return "move";
    return "integer";
}

std::size_t InstructionMix::count(std::string_view wanted_class) const {
    const auto found = by_class.find(std::string(wanted_class));
    return found == by_class.end() ? 0 : found->second;
}

std::size_t InstructionMix::matrix_instructions() const {
    std::size_t sum = 0;
    for (const auto& [kind, number] : by_class)
        if (is_matrix_mnemonic(kind)) sum += number;
    return sum;
}

std::size_t InstructionMix::tma() const { return count("TMA") + count("TMA multicast"); }

InstructionMix count_mix(const SassFunction& function, std::span<const std::size_t> indices) {
    InstructionMix mix;
    for (std::size_t index : indices) {
        const Instruction& instruction = function.instructions[index];
        const auto mnemonic = instruction.mnemonic();
        const std::string kind =
            puts_constant(mnemonic, instruction.operands) ? "move" : instruction_class(instruction.opcode);
        ++mix.total;
        ++mix.by_class[kind];
        const double bytes = access_bits(instruction.opcode) / 8.0;
        if (kind == "fp32") {
            const bool fused = mnemonic.starts_with("FFMA"), packed = mnemonic.ends_with("2");
            mix.flops_per_thread += (fused ? 2 : 1) * (packed ? 2 : 1);
            mix.fp32_fma += fused;
        } else if (kind == "fp16") {
            mix.flops_per_thread += mnemonic.starts_with("HFMA2") ? 4 : 2;
        } else if (is_matrix_mnemonic(mnemonic)) {
            mix.matrix_flops_per_warp +=
                2 * matrix_shape(instruction.opcode).products() / (mnemonic.substr(1) == "GMMA" ? 4 : 1);
        } else if (kind.starts_with("LDG.")) {
            mix.global_load_bytes += bytes;
        } else if (kind.starts_with("STG.")) {
            mix.global_store_bytes += bytes;
        } else if (kind == "cp.async") {
            mix.global_load_bytes += bytes;
            mix.shared_store_bytes += bytes;
        } else if (kind.starts_with("LDS.")) {
            mix.shared_load_bytes += bytes;
        } else if (kind.starts_with("LDSM")) {
            mix.shared_load_bytes += 4.0 * matrices_moved(instruction.opcode);
        } else if (kind.starts_with("STS.")) {
            mix.shared_store_bytes += bytes;
        } else if (kind.starts_with("STSM")) {
            mix.shared_store_bytes += 4.0 * matrices_moved(instruction.opcode);
        } else if (kind == "local") {
            ++mix.local_accesses;
        }
    }
    return mix;
}

InstructionMix count_mix(const SassFunction& function) {
    std::vector<std::size_t> all(function.instructions.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return count_mix(function, all);
}

}  // namespace stele::explain
