// From a kernel's source to its machine code and what the assembler said of it.
#pragma once

#include <compare>
#include <exception>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backends/backend.hpp"
#include "harness/explain/sass.hpp"
#include "harness/toolchain/content_cache.hpp"
#include "harness/toolchain/toolchain.hpp"

namespace stele::explain {

/// What ptxas said of one kernel (-v).
struct AssemblerFigures {
    int registers = 0, barriers = 0;
    std::size_t spill_store_bytes = 0, spill_load_bytes = 0, stack_bytes = 0, static_shared_bytes = 0;
    std::vector<std::string> warnings;  ///< that cost speed: serialised wgmma, spills, local memory
    int threads = 0;                    ///< of a block, where the compiler chose them; else 0
};

/// What is compiled at one time: a source file below kernels/, "gemm/tiled/tiled.cu", for an architecture. Of CUDA Tile
/// C++ it is one kernel, by its mangled name: that compiler takes seconds for each, and a file has dozens.
struct CodeUnit {
    std::string file, architecture, symbol{};
    auto operator<=>(const CodeUnit&) const = default;
};

/// A unit, compiled: its kernels by mangled name.
struct Compiled {
    std::map<std::string, AssemblerFigures> assembler;
    std::map<std::string, SassFunction> code;
};

/// Reads `ptxas -v`.
std::map<std::string, AssemblerFigures> parse_assembler_output(std::string_view text);

/// What `cuobjdump -res-usage` and `cuobjdump -elf` say of machine code whose compiler says nothing: one text behind
/// the other.
std::map<std::string, AssemblerFigures> parse_resource_usage(std::string_view text);

/// "stele::cuda::gemm<(stele::Dtype)1, true>" of "void stele::cuda::gemm<(stele::Dtype)1, true>(int*)", as a compiler's
/// runtime demangles a symbol. Empty where it is no function.
std::string name_in_source(std::string_view demangled);

/// The text of a `.tile.cu` file with one of its kernels, by name_in_source(), in the place of the list of all, which
/// its last function is. Throws BadInput where there is no such function.
std::string with_one_kernel(std::string_view text, std::string_view kernel);

/// Compiles and disassembles what stands in one source tree; results are cached by content, so that a second run takes
/// no time. A missing tool is found at first use. What does not compile is BadInput, with the compiler's words.
class Compiler {
public:
    /// `source_root` holds kernels/ and backends/.
    Compiler(std::filesystem::path source_root, ContentCache cache);

    /// `.tile.cu` goes through the compiler of CUDA Tile C++, which makes code of sm_90a where it is asked for sm_90.
    /// Throws MissingTool, BadInput, CannotRead.
    const Compiled& cuda(const CodeUnit& unit);
    /// OpenCL C, its text taken as it is, through clang and libclc to PTX, then ptxas: a proxy for NVIDIA's own OpenCL
    /// compiler. Throws MissingTool, BadInput.
    const Compiled& opencl(const KernelSource& source, unsigned threads, const std::string& architecture);
    /// PTX text from any compiler; `what` is for messages. Throws MissingTool, BadInput.
    const Compiled& ptx(const std::string& text, const std::string& architecture, const std::string& what);

    /// OpenCL C as the tree has it now, which is not always what the binary carries. Throws CannotRead.
    std::string opencl_text(const std::string& file) const;

    /// Compiles what cuda() will be asked for, several at once, so that asking takes no time. Errors wait for cuda().
    void prepare(const std::vector<CodeUnit>& units);

    /// "nvcc 13.0.88", "clang 19.1.7": the versions that a baseline is bound to.
    std::map<std::string, std::string> versions();

private:
    /// What a key was compiled to, or why it was not.
    struct Result {
        Compiled compiled;
        std::exception_ptr error;
    };

    /// What the compiler is given: the file, or of tiles the file with one kernel.
    std::string cuda_text(const CodeUnit& unit) const;
    std::string cuda_key(const CodeUnit& unit);
    Compiled compile_cuda(const std::string& key, const CodeUnit& unit);
    Compiled compile_tiles(const std::string& key, const CodeUnit& unit);
    /// Runs one command that makes {work}/kernel.cubin, and disassembles that.
    Compiled assemble(const std::string& key, std::vector<std::string> command, const std::string& what,
                      bool says_figures = true);
    template <typename Make>
    const Compiled& once(const std::string& key, Make make);
    const std::string& headers_digest();

    std::filesystem::path root_;
    ContentCache cache_;
    std::string digest_;
    Toolchain tools_;
    std::map<std::string, Result> done_;
};

/// Where the source tree is: the folder given, else the tree that this binary was built from. Throws MissingTool.
std::filesystem::path find_source_root(const std::string& given);

}  // namespace stele::explain
