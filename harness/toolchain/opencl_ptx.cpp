#include "harness/toolchain/opencl_ptx.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <optional>
#include <vector>

#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "harness/base/process.hpp"

namespace stele {
namespace fs = std::filesystem;
namespace {

/// PTX has no name for OpenCL's native functions; libclc leaves them out for NVIDIA. These are the instructions that
/// NVIDIA's own compiler uses for them.
constexpr std::string_view native_shim = R"cl(
float __nvvm_ex2_approx_ftz_f(float);
float __nvvm_lg2_approx_ftz_f(float);
float __nvvm_rcp_approx_ftz_f(float);
float __nvvm_rsqrt_approx_ftz_f(float);
#define native_exp2(x) __nvvm_ex2_approx_ftz_f(x)
#define native_exp(x) __nvvm_ex2_approx_ftz_f((x) * 1.44269504f)
#define native_log2(x) __nvvm_lg2_approx_ftz_f(x)
#define native_log(x) (__nvvm_lg2_approx_ftz_f(x) * 0.69314718f)
#define native_recip(x) __nvvm_rcp_approx_ftz_f(x)
#define native_rsqrt(x) __nvvm_rsqrt_approx_ftz_f(x)
#define native_divide(a, b) ((a) * __nvvm_rcp_approx_ftz_f(b))
)cl";

/// clang's NVPTX target knows no a-variants, and PTX for sm_90 is taken by all later ones.
std::string target_of(const std::string& architecture) {
    for (const char* older : {"sm_80", "sm_86", "sm_89"})
        if (architecture == older) return older;
    return "sm_90";
}

/// First line of a cached file.
std::string signature(const std::string& clang_version) {
    return fmt::format("// clang {} and libclc\n", clang_version);
}

std::string compile(const KernelSource& source, const std::string& text, const std::string& target,
                    Toolchain& toolchain) {
    const TemporaryFolder work;
    const fs::path file = work.path() / "kernel.cl", ptx = work.path() / "kernel.ptx";
    write_atomically(file, text);
    std::vector<std::string> words{toolchain.tool("clang-19"),
                                   "-target",
                                   "nvptx64-nvidia-nvcl",
                                   "-x",
                                   "cl",
                                   "-cl-std=CL1.2",
                                   "-O3",
                                   "-w",
                                   "-Xclang",
                                   "-finclude-default-header",
                                   "-Xclang",
                                   "-cl-ext=+cl_khr_fp16",
                                   "-Xclang",
                                   "-mlink-builtin-bitcode",
                                   "-Xclang",
                                   toolchain.tool("libclc"),
                                   "-Xclang",
                                   "-target-cpu",
                                   "-Xclang",
                                   target,
                                   "-ffp-contract=fast"};
    for (const std::string& option : source.options)
        if (option.starts_with("-D")) words.push_back(option);
    for (const std::string& word : {std::string("-S"), std::string("-o"), ptx.string(), file.string()})
        words.push_back(word);
    const ProcessResult result = run_process(words);
    if (result.status != 0)
        throw BadInput(fmt::format("kernels/{} does not compile by clang for {}\n{}\n{}{}", source.file, target,
                                   fmt::join(words, " "), result.output, result.errors));
    return signature(toolchain.version_of("clang-19")) + read_input(ptx);
}

}  // namespace

std::string with_block_size(std::string ptx, std::string_view entry, unsigned threads) {
    const std::size_t name = ptx.find(fmt::format(".entry {}(", entry));
    if (name == std::string::npos) throw Failed(fmt::format("the PTX text has no kernel {}", entry));
    const std::size_t end = ptx.find(')', name), body = ptx.find('{', name);
    if (end == std::string::npos || body == std::string::npos || body < end)
        throw Failed(fmt::format("the PTX text of kernel {} cannot be read", entry));
    const std::string_view directives = std::string_view(ptx).substr(end, body - end);
    for (const char* stated : {".maxntid", ".reqntid"})
        if (directives.find(stated) != std::string_view::npos) return ptx;
    return ptx.insert(end + 1, fmt::format("\n.maxntid {}, 1, 1", threads));
}

std::string opencl_to_ptx(const KernelSource& source, unsigned threads, const std::string& architecture,
                          Toolchain& toolchain, const ContentCache& cache) {
    const std::string target = target_of(architecture), text = std::string(native_shim) + source.text;
    const std::string name =
        fmt::format("ptx/{}.ptx", digest_of(fmt::format("{}|{}|{}", target, fmt::join(source.options, " "), text)));
    std::optional<std::string> ptx = cache.find(name);
    try {
        if (ptx && !ptx->starts_with(signature(toolchain.version_of("clang-19")))) ptx.reset();
    } catch (const MissingTool&) {
        // Made elsewhere, and the first line says by what.
    }
    if (!ptx) cache.keep(name, ptx.emplace(compile(source, text, target, toolchain)));
    return with_block_size(std::move(*ptx), source.entry, threads);
}

}  // namespace stele
