#include "harness/explain/instruction_mix.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <set>
#include <vector>

namespace stele::explain {
namespace {

std::vector<std::string_view> parts_of(std::string_view opcode) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto dot = opcode.find('.');
        parts.push_back(opcode.substr(0, dot));
        if (dot == std::string_view::npos) return parts;
        opcode.remove_prefix(dot + 1);
    }
}

/// Bits that a load or store moves for one thread: its width suffix, 32 without one.
int width_of(std::string_view opcode) {
    for (std::string_view part : parts_of(opcode)) {
        if (part == "128" || part == "M88" || part == "MT88") return part == "128" ? 128 : 32;
        if (part == "64" || part == "256") return part == "64" ? 64 : 256;
        if (part == "U16" || part == "S16") return 16;
        if (part == "U8" || part == "S8") return 8;
    }
    return 32;
}

/// LDSM moves one 8×8 tile of 16-bit elements a matrix: 4 bytes a thread each; ".4" and ".2" say how many.
int matrices_of(std::string_view opcode) {
    for (std::string_view part : parts_of(opcode)) {
        if (part == "4") return 4;
        if (part == "2") return 2;
    }
    return 1;
}

/// Multiply-adds of a matrix instruction, from the shape in its opcode: "16816" is 16×8×16, "64x128x16" says itself.
double matrix_products(std::string_view opcode) {
    for (std::string_view part : parts_of(opcode)) {
        if (part.empty() || part.front() < '0' || part.front() > '9') continue;
        if (std::count(part.begin(), part.end(), 'x') == 2) {
            double product = 1;
            for (std::size_t at = 0; at <= part.size();) {
                const auto end = std::min(part.find('x', at), part.size());
                int extent = 0;
                std::from_chars(part.data() + at, part.data() + end, extent);
                product *= extent;
                at = end + 1;
            }
            return product;
        }
        constexpr std::array<std::pair<std::string_view, double>, 6> shapes{{{"16816", 16 * 8 * 16},
                                                                             {"1688", 16 * 8 * 8},
                                                                             {"1684", 16 * 8 * 4},
                                                                             {"16832", 16 * 8 * 32},
                                                                             {"16864", 16 * 8 * 64},
                                                                             {"884", 8 * 8 * 4}}};
        for (const auto& [shape, product] : shapes)
            if (part == shape) return product;
    }
    return 0;
}

bool is_one_of(std::string_view mnemonic, std::initializer_list<std::string_view> list) {
    return std::find(list.begin(), list.end(), mnemonic) != list.end();
}

bool is_matrix(std::string_view mnemonic) {
    return is_one_of(mnemonic, {"HMMA", "IMMA", "DMMA", "BMMA", "QMMA", "OMMA", "HGMMA", "IGMMA", "QGMMA", "BGMMA",
                                "UTCHMMA", "UTCIMMA", "UTCQMMA", "UTCOMMA"});
}

}  // namespace

std::string instruction_class(std::string_view opcode) {
    const auto mnemonic = opcode.substr(0, opcode.find('.'));
    const auto with_width = [&](std::string_view kind) {
        return std::string(kind) + '.' + std::to_string(width_of(opcode));
    };

    // Moves of zero are written as arithmetic on the zero register; the opcode alone cannot tell them apart.
    if (is_matrix(mnemonic)) return std::string(mnemonic);
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
        return "TMA";
    if (is_one_of(mnemonic, {"LDG", "LD"})) return with_width("LDG");
    if (is_one_of(mnemonic, {"STG", "ST"})) return with_width("STG");
    if (mnemonic == "LDS") return with_width("LDS");
    if (mnemonic == "STS" || mnemonic == "STAS") return with_width("STS");
    if (mnemonic == "LDSM") return "LDSM.x" + std::to_string(matrices_of(opcode));
    if (mnemonic == "STSM") return "STSM.x" + std::to_string(matrices_of(opcode));
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
        if (is_matrix(kind)) sum += number;
    return sum;
}

InstructionMix count_mix(const SassFunction& function, std::span<const std::size_t> indices) {
    InstructionMix mix;
    for (std::size_t index : indices) {
        const Instruction& instruction = function.instructions[index];
        const auto mnemonic = instruction.mnemonic();
        // "HFMA2.MMA R0, -RZ, RZ, …" and the like put a constant into a register; they compute nothing.
        const bool constant = mnemonic.starts_with("HFMA2") && instruction.operands.find("-RZ,RZ") != std::string::npos;
        const std::string kind = constant ? "move" : instruction_class(instruction.opcode);
        ++mix.total;
        ++mix.by_class[kind];
        const double bytes = width_of(instruction.opcode) / 8.0;
        if (kind == "fp32") {
            const bool fused = mnemonic.starts_with("FFMA"), packed = mnemonic.ends_with("2");
            mix.flops_per_thread += (fused ? 2 : 1) * (packed ? 2 : 1);
            mix.fp32_fma += fused;
        } else if (kind == "fp16") {
            mix.flops_per_thread += mnemonic.starts_with("HFMA2") ? 4 : 2;
        } else if (is_matrix(mnemonic)) {
            mix.matrix_flops_per_warp +=
                2 * matrix_products(instruction.opcode) / (mnemonic.substr(1) == "GMMA" ? 4 : 1);
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
            mix.shared_load_bytes += 4.0 * matrices_of(instruction.opcode);
        } else if (kind.starts_with("STS.")) {
            mix.shared_store_bytes += bytes;
        } else if (kind.starts_with("STSM")) {
            mix.shared_store_bytes += 4.0 * matrices_of(instruction.opcode);
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
