// What the compiler made of each kernel of a variant.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/catalog/registry.hpp"
#include "harness/explain/compiler.hpp"
#include "harness/explain/driver_compiler.hpp"
#include "harness/explain/instruction_mix.hpp"
#include "harness/explain/occupancy.hpp"
#include "harness/explain/static_bound.hpp"
#include "kernels/operation.hpp"

namespace stele::explain {

/// One kernel of one variant, for one problem's types and one architecture.
struct KernelFigures {
    std::string variant, operation, algorithm;
    Language language = Language::cuda;
    std::string problem, dtype;
    std::string kernel, instance;
    std::string symbol;  ///< its name in machine code, mangled
    std::string file;    ///< below kernels/
    std::string architecture;
    std::string compiler;  ///< "nvcc", "clang → NVPTX (proxy)", or a DriverCompiler's label
    unsigned threads = 0;  ///< of a block
    std::size_t dynamic_shared_bytes = 0;
    AssemblerFigures assembler;
    /// Of the kernel itself; a subroutine of the compiler's own (64-bit division) is a function apart.
    std::size_t code_bytes = 0;
    InstructionMix whole;
    std::size_t loops = 0;
    /// One iteration of hot_loop(), by arithmetic.
    std::optional<InstructionMix> loop;
    /// What of it no iteration goes without, and how fast that lets it be at most; absent without a loop.
    std::optional<PipeWork> loop_work;
    std::optional<StaticBound> bound;
    Occupancy occupancy;

    std::size_t shared_bytes() const { return assembler.static_shared_bytes + dynamic_shared_bytes; }
    /// Names the row in a baseline: variant, dtype, kernel, instance, architecture and compiler.
    std::string key() const;
    const InstructionMix& hot() const { return loop ? *loop : whole; }
};

struct NotExplained {
    std::string variant, architecture, reason;
    /// The variant does not take the problem, or is not for the architecture: there is nothing that could be examined.
    bool not_taken = false;
};

struct Explanation {
    std::map<std::string, std::string> versions;
    std::vector<KernelFigures> kernels;
    std::vector<NotExplained> absent;
};

/// The variant is for the architecture, and takes the problem there.
bool is_taken(const Variant& variant, const std::string& architecture, const Problem& problem);

/// What a default variant is on the architecture: itself, or with the first of its tiles that the problem is taken
/// with.
const Variant& default_for(const Registry& registry, const Variant& variant, const std::string& architecture,
                           const Problem& problem);

/// Of a suite's problems those that show all of a variant's code: for each dtype the first that is taken, or the first
/// of all, whose refusal says why.
std::vector<const Problem*> one_of_each_dtype(const std::function<bool(const Problem& problem)>& takes,
                                              std::span<const std::unique_ptr<Problem>> problems);

/// What explain_variant() will have compiled for the CUDA kernels of a variant; nothing where it takes no such problem.
std::vector<CodeUnit> units_of(const Variant& variant, const Problem& problem, const std::string& architecture);

/// Explains one variant on one problem for one architecture ("sm_90a"). Appends to `explanation`, reasons included.
/// MissingTool becomes a reason; a kernel that does not compile throws BadInput. OpenCL kernels get a second row from
/// `driver` where there is one for the architecture.
void explain_variant(const Variant& variant, const Problem& problem, const std::string& architecture,
                     Compiler& compiler, Explanation& explanation, const DriverCompiler* driver = nullptr);

}  // namespace stele::explain
