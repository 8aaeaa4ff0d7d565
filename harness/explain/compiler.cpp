#include "harness/explain/compiler.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/uuid/detail/sha1.hpp>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <thread>

#include "harness/explain/process.hpp"

namespace stele::explain {
namespace fs = std::filesystem;
namespace {

std::string digest_of(std::string_view text) {
    boost::uuids::detail::sha1 sha;
    sha.process_bytes(text.data(), text.size());
    unsigned words[5];
    sha.get_digest(words);
    return fmt::format("{:08x}{:08x}{:08x}", words[0], words[1], words[2]);
}

/// Warnings of ptxas that cost speed; the rest is noise here. C7508: setmaxnreg ignored. C7511, C7519: wgmma serialised.
bool costs_speed(const std::string& line) {
    static const std::array marks{"C7508", "C7511", "C7519", "spill", "Spill", "local memory", "serializ"};
    return line.find("warning") != std::string::npos &&
           std::any_of(marks.begin(), marks.end(), [&](const char* mark) { return line.find(mark) != std::string::npos; });
}

struct ToolAdvice {
    const char* name;
    const char* advice;
};
constexpr std::array<ToolAdvice, 5> advice{{
    {"nvcc", "install the CUDA toolkit, or run `./dev build`, which fetches its wheels"},
    {"ptxas", "it comes with nvcc: install the CUDA toolkit, or run `./dev build`"},
    {"nvdisasm", "it comes with the CUDA toolkit or the wheel nvidia-cuda-nvdisasm; `./dev build` fetches it"},
    {"clang-19", "apt-get install clang-19"},
    {"libclc", "it comes with Debian's libclc-19; `./dev build` unpacks it, or set STELE_LIBCLC to its nvptx64--nvidiacl.bc"},
}};

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

fs::path beside_compiler(const std::string& nvcc, const char* name) { return fs::path(nvcc).parent_path() / name; }

std::optional<std::string> find_tool(const std::string& name) {
    if (name == "libclc") {
        const char* given = std::getenv("STELE_LIBCLC");
        std::vector<fs::path> candidates;
        if (given)
            candidates.emplace_back(given);
        else
            for (const char* folder : {STELE_SOURCE_DIR "/.deps/libclc/usr/lib/clc", "/usr/lib/clc"})
                candidates.push_back(fs::path(folder) / "nvptx64--nvidiacl.bc");
        for (const auto& path : candidates)
            if (fs::exists(path)) return path.string();
        return std::nullopt;
    }
    if (name == "nvcc") {
        const char* given = std::getenv("CUDACXX");
        for (const char* path : {given ? given : "", STELE_NVCC})
            if (*path && fs::exists(path)) return path;
    }
    if (const auto found = find_program(name)) return found->string();
    const auto nvcc = name == "nvcc" ? std::nullopt : find_tool("nvcc");
    if (nvcc)
        if (const auto path = beside_compiler(*nvcc, name.c_str()); fs::exists(path)) return path.string();
    for (const auto& folder : {fs::path(STELE_SOURCE_DIR) / ".deps/venv/lib", fs::path("/usr/local/cuda/bin")}) {
        if (fs::exists(folder / name)) return (folder / name).string();
        if (!fs::is_directory(folder)) continue;
        for (const auto& python : fs::directory_iterator(folder))
            if (const auto path = python.path() / "site-packages/nvidia/cu13/bin" / name; fs::exists(path)) return path.string();
    }
    return std::nullopt;
}

}  // namespace

std::map<std::string, AssemblerFigures> parse_assembler_output(std::string_view text) {
    static const std::regex entry("(?:entry function|Function properties for) '?([\\w$]+)'?"),
        spills("(\\d+) bytes stack frame, (\\d+) bytes spill stores, (\\d+) bytes spill loads"),
        registers("Used (\\d+) registers"), barriers("used (\\d+) barriers"), shared("(\\d+) bytes smem"),
        named("'([\\w$]+)'|function ([\\w$]+)");
    std::map<std::string, AssemblerFigures> found;
    std::string current;
    std::vector<std::pair<std::string, std::string>> warnings;
    std::istringstream in{std::string(text)};
    std::smatch match;
    for (std::string line; std::getline(in, line);) {
        if (costs_speed(line)) {
            const bool has_name = std::regex_search(line, match, named);
            warnings.emplace_back(has_name ? match[1].matched ? match[1].str() : match[2].str() : current, line);
        } else if (std::regex_search(line, match, entry)) {
            current = match[1];
        } else if (current.empty()) {
            continue;
        } else if (std::regex_search(line, match, spills)) {
            auto& row = found[current];
            row.stack_bytes = std::stoul(match[1]);
            row.spill_store_bytes = std::stoul(match[2]);
            row.spill_load_bytes = std::stoul(match[3]);
        } else if (std::regex_search(line, match, registers)) {
            auto& row = found[current];
            row.registers = std::stoi(match[1]);
            if (std::regex_search(line, match, barriers)) row.barriers = std::stoi(match[1]);
            if (std::regex_search(line, match, shared)) row.static_shared_bytes = std::stoul(match[1]);
        }
    }
    for (const auto& [name, line] : warnings)
        if (const auto row = found.find(name); row != found.end()) row->second.warnings.push_back(line);
    return found;
}

Compiler::Compiler(fs::path source_root, fs::path cache) : root_(std::move(source_root)), cache_(std::move(cache)) {}

const std::string& Compiler::tool(const std::string& name) {
    if (const auto known = tools_.find(name); known != tools_.end()) return known->second;
    if (const auto found = find_tool(name)) return tools_[name] = *found;
    const auto row = std::find_if(advice.begin(), advice.end(), [&](const ToolAdvice& entry) { return entry.name == name; });
    throw MissingTool(fmt::format("{} is not on this machine; {}", name, row == advice.end() ? "install it" : row->advice));
}

const std::string& Compiler::version_of(const std::string& name) {
    if (const auto known = versions_.find(name); known != versions_.end()) return known->second;
    const std::string text = run_process({tool(name), "--version"}).output;
    // "Cuda compilation tools, release 13.0, V13.0.88", "clang version 19.1.7": the first number with two dots.
    static const std::regex number("\\d+\\.\\d+\\.\\d+");
    std::smatch match;
    return versions_[name] = std::regex_search(text, match, number) ? match.str() : "unknown";
}

std::map<std::string, std::string> Compiler::versions() {
    std::map<std::string, std::string> out;
    for (const char* name : {"nvcc", "nvdisasm", "clang-19"}) {
        try {
            out[name] = version_of(name);
        } catch (const MissingTool&) {
            out[name] = "absent";
        }
    }
    return out;
}

const std::string& Compiler::kernels_digest() {
    if (digest_.empty()) {
        std::vector<fs::path> headers;
        for (const char* layer : {"kernels", "backends"})
            for (const auto& entry : fs::recursive_directory_iterator(root_ / layer))
                if (const auto ending = entry.path().extension(); ending == ".cuh" || ending == ".hpp") headers.push_back(entry.path());
        std::sort(headers.begin(), headers.end());
        std::string all;
        for (const auto& path : headers) all += read_file(path);
        digest_ = digest_of(all);
    }
    return digest_;
}

Compiled Compiler::assemble(const std::string& key, const std::vector<std::vector<std::string>>& commands,
                            const std::string& what) {
    const fs::path folder = cache_ / key;
    const fs::path log = folder / "assembler.txt", listing = folder / "sass.json";
    if (!fs::exists(listing)) {
        const TemporaryFolder work;
        std::string said;
        for (std::vector<std::string> words : commands) {
            for (std::string& word : words)
                if (const auto at = word.find("{work}"); at != std::string::npos) word.replace(at, 6, work.path().string());
            const ProcessResult result = run_process(words);
            if (result.exit_code != 0)
                throw std::runtime_error(fmt::format("{} does not compile\n{}\n{}{}", what, fmt::join(words, " "), result.output, result.errors));
            said += result.output + result.errors;
        }
        const ProcessResult sass = run_process({tool("nvdisasm"), "-json", work.path() / "kernel.cubin"});
        if (sass.exit_code != 0) throw std::runtime_error(fmt::format("nvdisasm cannot read {}: {}", what, sass.errors));
        fs::create_directories(folder);
        std::ofstream(log) << said;
        // The listing last, by renaming: its presence means that the entry is whole.
        const fs::path unfinished = folder / fmt::format("sass.{}", work.path().filename().string());
        std::ofstream(unfinished) << sass.output;
        fs::rename(unfinished, listing);
    }
    Compiled compiled;
    compiled.assembler = parse_assembler_output(read_file(log));
    for (SassFunction& function : parse_sass(read_file(listing))) {
        const std::string name = function.name;
        compiled.code.emplace(name, std::move(function));
    }
    return compiled;
}

std::string Compiler::cuda_key(const std::string& file, const std::string& architecture) {
    return digest_of(fmt::format("{}|{}|{}|{}|{}", version_of("nvcc"), version_of("nvdisasm"), architecture,
                                 read_file(root_ / "kernels" / file), kernels_digest()));
}

Compiled Compiler::compile_cuda(const std::string& key, const std::string& file, const std::string& architecture) {
    // The options of the build itself, so that the figures are those of the binary.
    const std::vector<std::string> command{tool("nvcc"), "-std=c++20", "-O3", "-lineinfo", "-static-global-template-stub=false",
                                           fmt::format("-arch={}", architecture), "-cubin",
                                           "-Xptxas=-v,-warn-spills,-warn-lmem-usage", "-I" + root_.string(), "-o",
                                           "{work}/kernel.cubin", (root_ / "kernels" / file).string()};
    return assemble(key, {command}, "kernels/" + file + " for " + architecture);
}

void Compiler::prepare(const std::vector<std::pair<std::string, std::string>>& files_and_architectures) {
    // Everything that writes to our maps happens here, before and after the threads.
    std::vector<std::string> keys;
    for (const auto& [file, architecture] : files_and_architectures) keys.push_back(cuda_key(file, architecture));
    std::vector<std::optional<Compiled>> results(keys.size());
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t i; (i = next++) < keys.size();) try {
                results[i] = compile_cuda(keys[i], files_and_architectures[i].first, files_and_architectures[i].second);
            } catch (const std::runtime_error&) {
                // cuda() will meet the same error, and tell.
            }
    };
    {
        std::vector<std::jthread> workers;
        for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i) workers.emplace_back(work);
    }
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (results[i]) done_[keys[i]] = std::move(*results[i]);
}

const Compiled& Compiler::cuda(const std::string& file, const std::string& architecture) {
    const std::string key = cuda_key(file, architecture);
    const auto known = done_.find(key);
    return known != done_.end() ? known->second : done_[key] = compile_cuda(key, file, architecture);
}

const Compiled& Compiler::opencl(const KernelSource& source, unsigned threads, const std::string& architecture) {
    // clang's NVPTX target knows no a-variants, and PTX for sm_90 is taken by all later ones.
    const std::string target = architecture == "sm_80" || architecture == "sm_86" || architecture == "sm_89" ? architecture : "sm_90";
    const std::string text = std::string(native_shim) + source.text;
    const std::string key = digest_of(fmt::format("{}|{}|{}|{}|{}|{}|{}", version_of("clang-19"), version_of("ptxas"), version_of("nvdisasm"),
                                                  architecture, threads, fmt::join(source.options, " "), text));
    const auto known = done_.find(key);
    if (known != done_.end()) return known->second;
    const TemporaryFolder work;
    const fs::path file = work.path() / "kernel.cl";
    std::ofstream(file) << text;
    std::vector<std::string> clang{tool("clang-19"), "-target", "nvptx64-nvidia-nvcl", "-x", "cl", "-cl-std=CL1.2", "-O3", "-w",
                                   "-Xclang", "-finclude-default-header", "-Xclang", "-mlink-builtin-bitcode", "-Xclang", tool("libclc"),
                                   "-Xclang", "-target-cpu", "-Xclang", target, "-ffp-contract=fast", "-S", "-o", "{work}/kernel.ptx", file};
    for (const std::string& option : source.options)
        if (option.starts_with("-D")) clang.insert(clang.end() - 4, option);
    const std::vector<std::string> ptxas{tool("ptxas"), "-v", "-warn-spills", "-warn-lmem-usage", fmt::format("-arch={}", architecture),
                                         fmt::format("-maxntid={}", threads), "-o", "{work}/kernel.cubin", "{work}/kernel.ptx"};
    return done_[key] = assemble(key, {clang, ptxas}, "kernels/" + source.file + " by clang for " + architecture);
}

fs::path find_source_root(const std::string& given) {
    const fs::path root = given.empty() ? fs::path(STELE_SOURCE_DIR) : fs::path(given);
    if (!fs::is_directory(root / "kernels"))
        throw MissingTool(fmt::format("the kernels' sources are not in {}; give the folder of a checkout with --source", root.string()));
    return fs::canonical(root);
}

fs::path default_cache() {
    if (const char* cache = std::getenv("XDG_CACHE_HOME")) return fs::path(cache) / "stele/explain";
    if (const char* home = std::getenv("HOME")) return fs::path(home) / ".cache/stele/explain";
    return fs::temp_directory_path() / "stele-explain";
}

}  // namespace stele::explain
