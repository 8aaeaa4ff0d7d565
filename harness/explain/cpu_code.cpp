#include "harness/explain/cpu_code.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <regex>
#include <span>
#include <sstream>
#include <utility>

#include "harness/base/error.hpp"
#include "harness/base/process.hpp"
#include "harness/explain/hot_loop.hpp"

namespace stele::explain {
namespace fs = std::filesystem;
namespace {

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
    static const std::regex symbol("^[0-9a-f]+ <([^>]+)>:$"), code("^ *([0-9a-f]+):\\s+(\\S+)\\s*(.*?)\\s*(?:#.*)?$"),
        address("^([0-9a-f]+)\\b");
    std::vector<SassFunction> functions;
    std::map<std::size_t, std::size_t> index_at;  // by address, of the current function
    const auto resolve = [&] {
        if (functions.empty()) return;
        for (Instruction& row : functions.back().instructions) {
            std::smatch match;
            if (!row.opcode.starts_with('j')) continue;
            const bool direct = std::regex_search(row.operands, match, address);
            const auto found = direct ? index_at.find(std::stoul(match[1], nullptr, 16)) : index_at.end();
            row.conditional = row.opcode != "jmp" && row.opcode != "jmpq";
            if (found != index_at.end())
                row.target = found->second;
            else
                row.leaves = true;  // a tail call, or a jump through a table
        }
        index_at.clear();
    };
    std::istringstream in{std::string(text)};
    std::smatch match;
    for (std::string line; std::getline(in, line);) {
        if (std::regex_match(line, match, symbol)) {
            resolve();
            functions.push_back({match[1], {}});
        } else if (!functions.empty() && std::regex_match(line, match, code)) {
            Instruction row;
            row.opcode = match[2];
            row.operands = match[3];
            row.leaves = row.opcode.starts_with("ret");
            index_at[std::stoul(match[1], nullptr, 16)] = functions.back().instructions.size();
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
            static const std::regex work_group("^_pocl_kernel_(\\w+)_workgroup$");
            std::smatch match;
            if (!std::regex_match(function.name, match, work_group)) continue;
            CpuFigures& row = found.emplace_back(cpu_figures(function));
            row.variant = variant.id();
            row.problem = problem.id();
            row.device = device.id;
            row.kernel = match[1];
        }
    }
    if (found.empty()) throw Failed("PoCL left no machine code in its cache");
    return found;
}

}  // namespace stele::explain
