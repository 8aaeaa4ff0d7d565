// What PoCL made of an OpenCL kernel for the CPU: vector width, FMA and spills of its hottest loop.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/explain/compiler.hpp"
#include "harness/explain/sass.hpp"
#include "kernels/operation.hpp"

namespace stele::explain {

/// The hot loop of one kernel, as machine code of the CPU.
struct CpuFigures {
    std::string variant, problem, device, kernel;
    std::size_t instructions = 0;  ///< of the whole work-group function
    std::size_t loop_instructions = 0;
    int vector_bits = 0;  ///< of the widest register that floating-point arithmetic uses there; 32: scalar
    std::size_t fma = 0, vector_fma = 0;
    std::size_t stack_accesses = 0;  ///< loads and stores of the stack: spills, or private arrays
};

/// Reads `objdump -d --no-show-raw-insn`: one function a symbol, branches resolved.
std::vector<SassFunction> parse_objdump(std::string_view text);

/// Figures of a function's hot_loop(), by vector FMA, then by all floating-point arithmetic.
CpuFigures cpu_figures(const SassFunction& function);

/// Runs the variant once with an empty PoCL cache, in a process of its own (`binary` is this program), and reads what
/// PoCL left there. Throws Failed with the reason where that cannot be had: one is that `sources`, the tree that is
/// explained, has another text of a kernel than the binary carries.
std::vector<CpuFigures> explain_on_cpu(const Variant& variant, const Problem& problem, const DeviceInfo& device,
                                       const std::string& binary, const Compiler& sources);

}  // namespace stele::explain
