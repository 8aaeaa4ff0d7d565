#include "harness/explain/figures.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>

#include "harness/explain/control_flow.hpp"
#include "harness/explain/hot_loop.hpp"
#include "harness/toolchain/opencl_ptx.hpp"

namespace stele::explain {
namespace {

/// The kernel's name in machine code. Host stub and kernel share one mangled name, and the library of kernels exports
/// its symbols.
std::string symbol_of(const void* stub) {
    Dl_info info{};
    if (stub && dladdr(stub, &info) && info.dli_sname && info.dli_saddr == stub) return info.dli_sname;
    return {};
}

CodeUnit unit_of(const KernelSource& source, const std::string& architecture) {
    CodeUnit unit{source.file, architecture};
    if (source.language == Language::cuda_tile) unit.symbol = symbol_of(source.native.cuda);
    return unit;
}

/// A GPU of the architecture, for plan(): only what a plan may ask of a device.
DeviceInfo stand_in(Language language, const std::string& architecture, const MultiprocessorLimits& limits) {
    DeviceInfo info;
    info.backend = stele::info(language).runtime;
    info.id = info.backend + ":0";
    info.name = "a GPU of " + architecture;
    info.vendor = "NVIDIA Corporation";
    info.architecture = architecture;
    info.compute_capability = std::stoi(architecture.substr(3));
    info.compute_units = 132;
    info.warp_size = 32;
    info.max_threads_per_block = 1024;
    info.global_bytes = info.max_allocation_bytes = std::size_t{64} << 30;
    info.cache_bytes = std::size_t{50} << 20;
    // NVIDIA's OpenCL gives local memory without the opt-in.
    info.shared_bytes_per_block = is_native(language) ? limits.shared_bytes_per_block : std::size_t{48} << 10;
    info.languages = {language};
    info.features = {"f64", "f16"};
    return info;
}

/// A kernel of a plan, and how it is launched.
struct PlannedKernel {
    const Variant& variant;
    const Problem& problem;
    const KernelSource& source;
    const Step& step;
    const std::string& architecture;
    std::string symbol;

    unsigned threads() const { return static_cast<unsigned>(step.block.volume()); }
};

/// Nothing if `compiled` lacks the kernel.
std::optional<KernelFigures> figures_of(const PlannedKernel& kernel, const Compiled& compiled, std::string compiler,
                                        const MultiprocessorLimits& limits) {
    const auto code = compiled.code.find(kernel.symbol);
    const auto assembler = compiled.assembler.find(kernel.symbol);
    if (code == compiled.code.end() || assembler == compiled.assembler.end()) return std::nullopt;
    KernelFigures row;
    row.variant = kernel.variant.id();
    row.operation = kernel.variant.operation;
    row.algorithm = kernel.variant.algorithm;
    row.language = kernel.variant.language;
    row.problem = kernel.problem.id();
    row.dtype = name(kernel.problem.dtype());
    row.kernel = kernel.source.entry;
    row.instance = kernel.source.instance;
    row.symbol = kernel.symbol;
    row.file = kernel.source.file;
    row.architecture = kernel.architecture;
    row.compiler = std::move(compiler);
    row.threads = assembler->second.threads > 0 ? static_cast<unsigned>(assembler->second.threads) : kernel.threads();
    row.dynamic_shared_bytes = kernel.step.shared_bytes;
    row.assembler = assembler->second;
    row.code_bytes = code->second.instructions.size() * instruction_bytes;
    row.whole = count_mix(code->second);
    const std::vector<Loop> loops = find_loops(code->second);
    row.loops = loops.size();
    // By the matrix unit's work, where there is any: what else such a loop does is in the way.
    const auto work = [&](std::span<const std::size_t> body) {
        const InstructionMix mix = count_mix(code->second, body);
        // Those of Blackwell do not tell their shape, and count as they are.
        const double matrix = std::max(mix.matrix_flops_per_warp, static_cast<double>(mix.matrix_instructions()));
        return std::pair(matrix, matrix > 0 ? 0 : mix.thread_flops());
    };
    if (const auto body = hot_loop(loops, work); !body.empty()) {
        row.loop = count_mix(code->second, body);
        row.loop_work = pipe_work(code->second, sure_instructions(code->second, loops, body));
        if (const auto rates = rates_of(row.architecture))
            row.bound = static_bound(*row.loop_work, row.loop->flops_per_thread, *rates);
    }
    row.occupancy = occupancy(limits, static_cast<int>(row.threads), row.assembler.registers, row.shared_bytes());
    return row;
}

/// A language that comes to a device as text is for all.
bool is_for(const Variant& variant, const std::string& architecture) {
    return !is_native(variant.language) ||
           std::ranges::find(variant.architectures, architecture) != variant.architectures.end();
}

}  // namespace

std::string KernelFigures::key() const {
    return fmt::format("{}|{}|{}|{}|{}|{}", variant, dtype, kernel, instance, architecture, compiler);
}

bool is_taken(const Variant& variant, const std::string& architecture, const Problem& problem) {
    const auto limits = limits_of(architecture);
    if (!limits || !is_for(variant, architecture)) return false;
    return variant.supports(stand_in(variant.language, architecture, *limits), problem).yes;
}

const Variant& default_for(const Registry& registry, const Variant& variant, const std::string& architecture,
                           const Problem& problem) {
    const auto limits = limits_of(architecture);
    if (!limits || !is_for(variant, architecture)) return variant;
    return registry.default_on(variant, stand_in(variant.language, architecture, *limits), problem);
}

std::vector<const Problem*> one_of_each_dtype(const std::function<bool(const Problem& problem)>& takes,
                                              std::span<const std::unique_ptr<Problem>> problems) {
    std::vector<const Problem*> out;
    for (const auto& problem : problems) {
        const auto same = std::ranges::find(out, problem->dtype(), [](const Problem* other) { return other->dtype(); });
        if (same == out.end())
            out.push_back(problem.get());
        else if (!takes(**same) && takes(*problem))
            *same = problem.get();
    }
    return out;
}

std::vector<CodeUnit> units_of(const Variant& variant, const Problem& problem, const std::string& architecture) {
    std::vector<CodeUnit> units;
    const auto limits = limits_of(architecture);
    if (!is_native(variant.language) || !limits ||
        std::ranges::find(variant.architectures, architecture) == variant.architectures.end())
        return units;
    const DeviceInfo device = stand_in(variant.language, architecture, *limits);
    if (!variant.supports(device, problem)) return units;
    for (const KernelSource& source : variant.plan(device, problem).kernels)
        if (CodeUnit unit = unit_of(source, architecture); !symbol_of(source.native.cuda).empty())
            units.push_back(std::move(unit));
    return units;
}

void explain_variant(const Variant& variant, const Problem& problem, const std::string& architecture,
                     Compiler& compiler, Explanation& explanation, const DriverCompiler* driver) {
    const auto refuse = [&](std::string why, bool not_taken = false) {
        explanation.absent.push_back({variant.id(), architecture, std::move(why), not_taken});
    };
    const bool native = is_native(variant.language);
    if (!native && !is_from_text(variant.language)) return refuse("no kernel of ours to explain");
    const auto limits = limits_of(architecture);
    if (!limits) return refuse("unknown architecture");
    if (!is_for(variant, architecture)) return refuse("the variant is not for this architecture", true);
    const DeviceInfo device = stand_in(variant.language, architecture, *limits);
    if (const Support support = variant.supports(device, problem); !support) return refuse(support.why_not, true);
    // The driver compiles for its own device: sm_90's code is what sm_90a stands beside.
    const bool ask_driver = !native && driver && architecture.starts_with(driver->architecture);

    const Plan plan = variant.plan(device, problem);
    for (std::size_t index = 0; index < plan.kernels.size(); ++index) {
        KernelSource source = plan.kernels[index];
        if (!native) source.text = compiler.opencl_text(source.file);
        const auto step =
            std::find_if(plan.steps.begin(), plan.steps.end(), [&](const Step& s) { return s.kernel == index; });
        if (step == plan.steps.end()) continue;
        const PlannedKernel kernel{variant, problem,      source,
                                   *step,   architecture, native ? symbol_of(source.native.cuda) : source.entry};
        if (kernel.symbol.empty()) return refuse("this build has no machine code of it to name");
        const auto add = [&](const Compiled& compiled, std::string label) {
            if (auto row = figures_of(kernel, compiled, std::move(label), *limits))
                explanation.kernels.push_back(std::move(*row));
            else
                refuse(fmt::format("the compiled file has no kernel {}: is the binary older than the sources?",
                                   kernel.symbol));
        };
        try {
            if (native)
                add(compiler.cuda(unit_of(source, architecture)),
                    variant.language == Language::cuda_tile ? "nvcc, tiles" : "nvcc");
            else
                add(compiler.opencl(source, kernel.threads(), architecture), std::string(clang_label));
        } catch (const MissingTool& missing) {
            refuse(missing.what());
            if (!ask_driver) return;
        }
        if (!ask_driver) continue;
        try {
            const std::string ptx = with_block_size(driver->ptx(source), source.entry, kernel.threads());
            add(compiler.ptx(ptx, architecture, "kernels/" + source.file + " by " + driver->label), driver->label);
        } catch (const std::runtime_error& why) {
            refuse(fmt::format("{}: {}", driver->label, why.what()));
        }
    }
}

}  // namespace stele::explain
