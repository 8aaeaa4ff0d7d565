#include "harness/explain/cpu_code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <sstream>
#include <utility>

#include "harness/base/error.hpp"
#include "harness/base/folder.hpp"
#include "harness/base/process.hpp"
#include "harness/explain/hot_loop.hpp"

namespace stele::explain {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view blanks = " \t";

std::string_view trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

/// Takes a whole word of hexadecimal digits from the front of `text`.
std::optional<std::size_t> take_address(std::string_view& text) {
    std::size_t address = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), address, 16);
    const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
    if (error != std::errc{} || (!rest.empty() && std::isalnum(static_cast<unsigned char>(rest.front()))))
        return std::nullopt;
    text = rest;
    return address;
}

struct Work {
    int vector_bits = 0;
    std::size_t arithmetic = 0, fma = 0, vector_fma = 0, stack = 0;
};

/// Packed and scalar arithmetic in single precision: "vfmadd231ps", "vmulss", "mulps".
bool is_arithmetic(std::string_view opcode) {
    if (opcode.starts_with('v')) opcode.remove_prefix(1);
    if (!opcode.ends_with("ps") && !opcode.ends_with("ss")) return false;
    for (std::string_view kind : {"fmadd", "fmsub", "fnmadd", "fnmsub", "mul", "add", "sub", "div", "max", "min"})
        if (opcode.starts_with(kind)) return true;
    return false;
}

int register_bits(std::string_view operands) {
    if (operands.find("%zmm") != operands.npos) return 512;
    if (operands.find("%ymm") != operands.npos) return 256;
    return operands.find("%xmm") != operands.npos ? 128 : 0;
}

Work count(const SassFunction& function, std::span<const std::size_t> indices) {
    Work work;
    for (std::size_t index : indices) {
        const Instruction& row = function.instructions[index];
        if (row.operands.find("(%rsp") != std::string::npos || row.operands.find("(%rbp") != std::string::npos)
            ++work.stack;
        if (!is_arithmetic(row.opcode)) continue;
        ++work.arithmetic;
        const bool packed = row.opcode.ends_with("ps");
        work.vector_bits = std::max(work.vector_bits, packed ? register_bits(row.operands) : 32);
        if (row.opcode.find("fmadd") != std::string::npos || row.opcode.find("fnmadd") != std::string::npos) {
            ++work.fma;
            work.vector_fma += packed;
        }
    }
    return work;
}

}  // namespace

std::vector<SassFunction> parse_objdump(std::string_view text) {
    std::vector<SassFunction> functions;
    std::map<std::size_t, std::size_t> index_at;  // by address, of the current function
    const auto resolve = [&] {
        if (functions.empty()) return;
        for (Instruction& row : functions.back().instructions) {
            if (!row.opcode.starts_with('j')) continue;
            std::string_view operands = row.operands;
            const auto target = take_address(operands);
            const auto found = target ? index_at.find(*target) : index_at.end();
            row.conditional = row.opcode != "jmp" && row.opcode != "jmpq";
            if (found != index_at.end())
                row.target = found->second;
            else
                row.leaves = true;  // a tail call, or a jump through a table
        }
        index_at.clear();
    };
    std::istringstream in{std::string(text)};
    for (std::string line; std::getline(in, line);) {
        // "0000000000001000 <symbol>:" or "    1001:\tvmovups (%rax),%ymm1    # comment"
        std::string_view rest = trimmed(line);
        const auto address = take_address(rest);
        if (!address) continue;
        if (rest.starts_with(" <") && rest.ends_with(">:")) {
            resolve();
            functions.push_back({std::string(rest.substr(2, rest.size() - 4)), {}});
        } else if (!functions.empty() && rest.starts_with(':')) {
            rest = trimmed(rest.substr(1, rest.find('#') - 1));
            const std::size_t end = std::min(rest.find_first_of(blanks), rest.size());
            if (end == 0) continue;
            Instruction row;
            row.opcode = rest.substr(0, end);
            row.operands = trimmed(rest.substr(end));
            row.leaves = row.opcode.starts_with("ret");
            index_at[*address] = functions.back().instructions.size();
            functions.back().instructions.push_back(std::move(row));
        }
    }
    resolve();
    return functions;
}

CpuFigures cpu_figures(const SassFunction& function) {
    CpuFigures figures;
    figures.kernel = function.name;
    figures.instructions = function.instructions.size();
    const std::vector<Loop> loops = find_loops(function);
    const std::vector<std::size_t> body = hot_loop(loops, [&](std::span<const std::size_t> indices) {
        const Work work = count(function, indices);
        return std::pair(work.vector_fma, work.arithmetic);
    });
    const Work best = count(function, body);
    figures.loop_instructions = body.size();
    figures.vector_bits = best.vector_bits;
    figures.fma = best.fma;
    figures.vector_fma = best.vector_fma;
    figures.stack_accesses = best.stack;
    return figures;
}

std::vector<CpuFigures> explain_on_cpu(const Variant& variant, const Problem& problem, const DeviceInfo& device,
                                       const std::string& binary, const Compiler& sources) {
    if (const Support support = variant.supports(device, problem); !support) throw Failed(support.why_not);
    for (const KernelSource& source : variant.plan(device, problem).kernels)
        if (source.text != sources.opencl_text(source.file))
            throw Failed(
                fmt::format("PoCL is given what this binary carries, which is another text of kernels/{}; build the "
                            "tree that is explained, and ask that binary",
                            source.file));
    const auto objdump = find_program("objdump");
    if (!objdump) throw Failed("objdump is not on this machine; apt-get install binutils");
    const TemporaryFolder cache;
    const ProcessResult run =
        run_process({"env", "POCL_CACHE_DIR=" + cache.path().string(), "POCL_LEAVE_KERNEL_COMPILER_TEMP_FILES=1",
                     binary, "run", variant.id(), "--problem", problem.id(), "--device", device.id});
    if (run.status != 0) throw Failed(fmt::format("it does not run there: {}", run.errors));
    std::vector<CpuFigures> found;
    for (const auto& entry : fs::recursive_directory_iterator(cache.path())) {
        if (entry.path().extension() != ".so") continue;
        for (const SassFunction& function :
             parse_objdump(run_process({*objdump, "-d", "--no-show-raw-insn", entry.path()}).output)) {
            // One work-group function a kernel: _pocl_kernel_<name>_workgroup.
            constexpr std::string_view before = "_pocl_kernel_", after = "_workgroup";
            if (!function.name.starts_with(before) || !function.name.ends_with(after)) continue;
            CpuFigures& row = found.emplace_back(cpu_figures(function));
            row.variant = variant.id();
            row.problem = problem.id();
            row.device = device.id;
            row.kernel = function.name.substr(before.size(), function.name.size() - before.size() - after.size());
        }
    }
    if (found.empty()) throw Failed("PoCL left no machine code in its cache");
    return found;
}

}  // namespace stele::explain
