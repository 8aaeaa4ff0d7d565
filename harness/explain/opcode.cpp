#include "harness/explain/opcode.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

namespace stele::explain {

std::vector<std::string_view> opcode_parts(std::string_view opcode) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto dot = opcode.find('.');
        parts.push_back(opcode.substr(0, dot));
        if (dot == std::string_view::npos) return parts;
        opcode.remove_prefix(dot + 1);
    }
}

bool has_part(std::string_view opcode, std::string_view part) {
    const auto parts = opcode_parts(opcode);
    return std::ranges::find(parts, part) != parts.end();
}

bool is_one_of(std::string_view mnemonic, std::initializer_list<std::string_view> list) {
    return std::ranges::find(list, mnemonic) != list.end();
}

bool puts_constant(std::string_view mnemonic, std::string_view operands) {
    return mnemonic.starts_with("HFMA2") && operands.find("-RZ,RZ") != std::string_view::npos;
}

int access_bits(std::string_view opcode) {
    for (std::string_view part : opcode_parts(opcode)) {
        if (part == "128" || part == "M88" || part == "MT88") return part == "128" ? 128 : 32;
        if (part == "64" || part == "256") return part == "64" ? 64 : 256;
        if (part == "U16" || part == "S16") return 16;
        if (part == "U8" || part == "S8") return 8;
    }
    return 32;
}

int matrices_moved(std::string_view opcode) {
    for (std::string_view part : opcode_parts(opcode)) {
        if (part == "4") return 4;
        if (part == "2") return 2;
    }
    return 1;
}

bool is_matrix_mnemonic(std::string_view mnemonic) {
    return is_one_of(mnemonic, {"HMMA", "IMMA", "DMMA", "BMMA", "QMMA", "OMMA", "HGMMA", "IGMMA", "QGMMA", "BGMMA",
                                "UTCHMMA", "UTCIMMA", "UTCQMMA", "UTCOMMA"});
}

MatrixShape matrix_shape(std::string_view opcode) {
    // Those of a warp run their digits together: "16816" is 16×8×16.
    struct Named {
        std::string_view part;
        MatrixShape shape;
    };
    constexpr std::array<Named, 6> warps{{{"16816", {16, 8, 16}},
                                          {"1688", {16, 8, 8}},
                                          {"1684", {16, 8, 4}},
                                          {"16832", {16, 8, 32}},
                                          {"16864", {16, 8, 64}},
                                          {"884", {8, 8, 4}}}};
    for (std::string_view part : opcode_parts(opcode)) {
        if (std::ranges::count(part, 'x') == 2) {
            std::array<int, 3> extents{};
            const char* at = part.data();
            for (int& extent : extents) at = std::from_chars(at, part.data() + part.size(), extent).ptr + 1;
            return {extents[0], extents[1], extents[2]};
        }
        if (const auto named = std::ranges::find(warps, part, &Named::part); named != warps.end()) return named->shape;
    }
    return {};
}

}  // namespace stele::explain
