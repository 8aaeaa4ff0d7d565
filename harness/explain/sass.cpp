#include "harness/explain/sass.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "harness/base/json_text.hpp"

namespace stele::explain {
namespace {

/// The address that a branch's operands end with: "0x870", "P1,0x40".
std::optional<std::size_t> address_in(const std::string& operands) {
    const auto at = operands.rfind("0x");
    if (at == std::string::npos) return std::nullopt;
    if (operands.find_first_not_of("0123456789abcdef", at + 2) != std::string::npos) return std::nullopt;
    return std::stoul(operands.substr(at + 2), nullptr, 16);
}

/// A predicate before the opcode, or one among a branch's operands ("BRA P1, 0x40").
bool conditional(const Instruction& instruction) {
    const std::string_view operands = instruction.operands;
    return !instruction.predicate.empty() || operands.starts_with("P") || operands.starts_with("!P") ||
           operands.starts_with("UP") || operands.starts_with("!UP");
}

void drop_padding(std::vector<Instruction>& code) {
    while (!code.empty()) {
        const Instruction& last = code.back();
        const bool self_branch = last.mnemonic() == "BRA" && last.target == code.size() - 1;
        if (last.mnemonic() != "NOP" && !self_branch) return;
        code.pop_back();
    }
}

}  // namespace

std::string_view Instruction::mnemonic() const { return std::string_view(opcode).substr(0, opcode.find('.')); }

std::vector<SassFunction> parse_sass(std::string_view json) try {
    const auto document = parse_json(json);
    std::vector<SassFunction> functions;
    // The first element describes the file; the second lists the functions.
    for (const auto& entry : document.at(1)) {
        SassFunction& function = functions.emplace_back();
        function.name = entry.at("function-name").get<std::string>();
        const std::size_t start = entry.value("start", std::size_t{0});
        for (const auto& row : entry.at("sass-instructions")) {
            Instruction& instruction = function.instructions.emplace_back();
            instruction.predicate = row.value("predicate", "");
            instruction.opcode = row.at("opcode").get<std::string>();
            instruction.operands = row.value("operands", "");
            instruction.conditional = conditional(instruction);
            const auto mnemonic = instruction.mnemonic();
            instruction.leaves = mnemonic == "EXIT" || mnemonic == "RET" || mnemonic == "BRX";
            if (mnemonic == "BRA" || mnemonic == "JMP")
                if (const auto address = address_in(instruction.operands); address && *address >= start)
                    instruction.target = (*address - start) / instruction_bytes;
        }
        drop_padding(function.instructions);
        for (Instruction& instruction : function.instructions)
            if (instruction.target && *instruction.target >= function.instructions.size()) instruction.target.reset();
    }
    return functions;
} catch (const std::exception& wrong) {
    throw std::runtime_error(fmt::format("nvdisasm's output is not as expected: {}", wrong.what()));
}

}  // namespace stele::explain
