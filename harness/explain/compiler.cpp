#include "harness/explain/compiler.hpp"

#include <cxxabi.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "harness/base/process.hpp"
#include "harness/toolchain/build_paths.hpp"
#include "harness/toolchain/opencl_ptx.hpp"
#include "kernels/source.hpp"

namespace stele::explain {
namespace fs = std::filesystem;
namespace {

/// Warnings of ptxas that cost speed; the rest is noise here. C7508: setmaxnreg ignored. C7511, C7519: wgmma
/// serialised.
bool costs_speed(const std::string& line) {
    static const std::array marks{"C7508", "C7511", "C7519", "spill", "Spill", "local memory", "serializ"};
    return line.find("warning") != std::string::npos && std::any_of(marks.begin(), marks.end(), [&](const char* mark) {
               return line.find(mark) != std::string::npos;
           });
}

/// The number in front of `words`: 24 in "used 24 registers", before " registers".
std::optional<std::size_t> number_before(std::string_view line, std::string_view words) {
    const std::string_view before = line.substr(0, std::min(line.find(words), line.size()));
    if (before.size() == line.size()) return std::nullopt;
    const std::string_view digits = before.substr(before.find_last_not_of("0123456789") + 1);
    std::size_t number = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec != std::errc{}) return std::nullopt;
    return number;
}

/// The name behind `words`, in quotes or not; empty where there is none.
std::string name_after(std::string_view line, std::string_view words) {
    if (line.find(words) == line.npos) return "";
    std::string_view rest = line.substr(line.find(words) + words.size());
    if (rest.starts_with('\'')) rest.remove_prefix(1);
    const auto is_of_name = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '$'; };
    return {rest.begin(), std::ranges::find_if_not(rest, is_of_name)};
}

bool is_tiles(std::string_view file) { return file.ends_with(info(Language::cuda_tile).suffix); }

}  // namespace

std::map<std::string, AssemblerFigures> parse_assembler_output(std::string_view text) {
    std::map<std::string, AssemblerFigures> found;
    std::string current;
    std::vector<std::pair<std::string, std::string>> warnings;
    std::istringstream in{std::string(text)};
    for (std::string line; std::getline(in, line);) {
        if (costs_speed(line)) {
            const auto function = name_after(line, "function ");
            warnings.emplace_back(function.empty() ? current : function, line);
        } else if (const auto entry = name_after(line, "entry function "); !entry.empty()) {
            current = entry;
        } else if (const auto described = name_after(line, "Function properties for "); !described.empty()) {
            current = described;
        } else if (current.empty()) {
            continue;
        } else if (const auto stack = number_before(line, " bytes stack frame")) {
            auto& row = found[current];
            row.stack_bytes = *stack;
            row.spill_store_bytes = number_before(line, " bytes spill stores").value_or(0);
            row.spill_load_bytes = number_before(line, " bytes spill loads").value_or(0);
        } else if (const auto registers = number_before(line, " registers")) {
            auto& row = found[current];
            row.registers = static_cast<int>(*registers);
            if (const auto barriers = number_before(line, " barriers")) row.barriers = static_cast<int>(*barriers);
            if (const auto shared = number_before(line, " bytes smem")) row.static_shared_bytes = *shared;
        }
    }
    for (const auto& [name, line] : warnings)
        if (const auto row = found.find(name); row != found.end()) row->second.warnings.push_back(line);
    return found;
}

std::map<std::string, AssemblerFigures> parse_resource_usage(std::string_view text) {
    std::map<std::string, AssemblerFigures> found;
    std::string current;
    bool threads_follow = false;
    std::istringstream in{std::string(text)};
    const auto number_after = [](std::string_view line, std::string_view word) {
        const std::size_t at = line.find(word);
        return at == line.npos ? 0ul : std::strtoul(line.data() + at + word.size(), nullptr, 0);
    };
    for (std::string line; std::getline(in, line);) {
        if (const auto function = name_after(line, "Function "); !function.empty()) current = function;
        if (const auto section = name_after(line, ".nv.info."); !section.empty()) current = section;
        if (line.find("REG:") != line.npos) {
            AssemblerFigures& row = found[current];
            row.registers = static_cast<int>(number_after(line, "REG:"));
            row.stack_bytes = number_after(line, "STACK:");
            row.static_shared_bytes = number_after(line, "SHARED:");
        } else if (threads_follow && line.find("Value:") != line.npos) {
            found[current].threads = static_cast<int>(number_after(line, "Value:"));
        }
        threads_follow =
            line.find("EIATTR_REQNTID") != line.npos || (threads_follow && line.find("Format:") != line.npos);
    }
    return found;
}

std::string name_in_source(std::string_view demangled) {
    // Up to the parameters; a template has its result's type before its name.
    int depth = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < demangled.size(); ++i) {
        const char c = demangled[i];
        if (depth == 0 && c == '(') return std::string(demangled.substr(begin, i - begin));
        if (depth == 0 && c == ' ') begin = i + 1;
        depth += (c == '<' || c == '(') - (c == '>' || c == ')');
    }
    return {};
}

std::string with_one_kernel(std::string_view text, std::string_view kernel) {
    const std::size_t list = text.rfind("\nstd::vector<NativeInstance> ");
    const std::size_t end = list == text.npos ? text.npos : text.find("\n}\n", list);
    if (kernel.empty() || end == text.npos)
        throw BadInput("a file of CUDA Tile C++ ends with the function that lists its kernels, and here is none");
    return fmt::format(
        "{}\nextern const void* const explained;\nconst void* const explained = reinterpret_cast<const "
        "void*>(&{});{}",
        text.substr(0, list), kernel, text.substr(end + 2));
}

Compiler::Compiler(fs::path source_root, ContentCache cache)
    : root_(std::move(source_root)), cache_(std::move(cache)) {}

std::map<std::string, std::string> Compiler::versions() {
    std::map<std::string, std::string> out;
    for (const char* name : {"nvcc", "nvdisasm", "clang-19", "tile-nvcc"}) {
        try {
            out[name] = tools_.version_of(name);
        } catch (const MissingTool&) {
            out[name] = "absent";
        }
    }
    return out;
}

const std::string& Compiler::headers_digest() {
    if (digest_.empty()) {
        std::vector<fs::path> headers;
        for (const char* layer : {"kernels", "backends"})
            for (const auto& entry : fs::recursive_directory_iterator(root_ / layer))
                if (const auto ending = entry.path().extension(); ending == ".cuh" || ending == ".hpp")
                    headers.push_back(entry.path());
        std::sort(headers.begin(), headers.end());
        std::string all;
        for (const auto& path : headers) all += read_input(path);
        digest_ = digest_of(all);
    }
    return digest_;
}

std::string Compiler::opencl_text(const std::string& file) const {
    return stele::opencl_text(file, [this](std::string_view name) { return read_input(root_ / "kernels" / name); });
}

Compiled Compiler::assemble(const std::string& key, std::vector<std::string> command, const std::string& what,
                            bool says_figures) {
    const std::string log_name = key + "/assembler.txt", listing_name = key + "/sass.json";
    const auto read = [says_figures](const std::string& log, const std::string& listing) {
        Compiled compiled;
        compiled.assembler = says_figures ? parse_assembler_output(log) : parse_resource_usage(log);
        for (SassFunction& function : parse_sass(listing)) {
            const std::string name = function.name;
            compiled.code.emplace(name, std::move(function));
        }
        return compiled;
    };
    const auto log = cache_.find(log_name), listing = cache_.find(listing_name);
    if (log && listing) return read(*log, *listing);

    const TemporaryFolder work;
    for (std::string& word : command)
        if (const auto at = word.find("{work}"); at != std::string::npos) word.replace(at, 6, work.path().string());
    const ProcessResult made = run_process(command);
    if (made.status != 0)
        throw BadInput(
            fmt::format("{} does not compile\n{}\n{}{}", what, fmt::join(command, " "), made.output, made.errors));
    std::string said = made.output + made.errors;
    const std::string cubin = work.path() / "kernel.cubin";
    if (!says_figures)
        for (const char* option : {"-res-usage", "-elf"})
            said += run_process({tools_.tool("cuobjdump"), option, cubin}).output;
    const ProcessResult sass = run_process({tools_.tool("nvdisasm"), "-json", cubin});
    if (sass.status != 0) throw Failed(fmt::format("nvdisasm cannot read {}: {}", what, sass.errors));
    Compiled compiled = read(said, sass.output);
    cache_.keep(log_name, said);
    cache_.keep(listing_name, sass.output);
    return compiled;
}

std::string Compiler::cuda_text(const CodeUnit& unit) const {
    std::string text = read_input(root_ / "kernels" / unit.file);
    if (!is_tiles(unit.file)) return text;
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> demangled(
        abi::__cxa_demangle(unit.symbol.c_str(), nullptr, nullptr, &status), &std::free);
    return with_one_kernel(text, demangled ? name_in_source(demangled.get()) : "");
}

std::string Compiler::cuda_key(const CodeUnit& unit) {
    std::string versions = tools_.version_of("nvdisasm") + '|';
    if (is_tiles(unit.file))
        versions += tools_.version_of("tile-nvcc") + '|' + tools_.version_of("cuobjdump");
    else
        versions += tools_.version_of("nvcc");
    return digest_of(fmt::format("{}|{}|{}|{}", versions, unit.architecture, cuda_text(unit), headers_digest()));
}

Compiled Compiler::compile_cuda(const std::string& key, const CodeUnit& unit) {
    if (is_tiles(unit.file)) return compile_tiles(key, unit);
    // The options of the build itself, so that the figures are those of the binary.
    const std::vector<std::string> command{tools_.tool("nvcc"),
                                           "-std=c++20",
                                           "-O3",
                                           "-lineinfo",
                                           "-static-global-template-stub=false",
                                           fmt::format("-arch={}", unit.architecture),
                                           "-cubin",
                                           "-Xptxas=-v,-warn-spills,-warn-lmem-usage",
                                           "-I" + root_.string(),
                                           "-o",
                                           "{work}/kernel.cubin",
                                           (root_ / "kernels" / unit.file).string()};
    return assemble(key, command, "kernels/" + unit.file + " for " + unit.architecture);
}

Compiled Compiler::compile_tiles(const std::string& key, const CodeUnit& unit) {
    std::string number = unit.architecture;
    if (number.ends_with('a')) number.pop_back();
    const TemporaryFolder work;
    const fs::path file = work.path() / "kernel.tile.cu";
    write_atomically(file, cuda_text(unit));
    const std::vector<std::string> command{
        tools_.tool("tile-nvcc"),        "--enable-tile", "-std=c++20",          "-O3",
        fmt::format("-arch={}", number), "-tilecubin",    "-I" + root_.string(), "-o",
        "{work}/kernel.cubin",           file.string()};
    return assemble(key, command, "kernels/" + unit.file + " for " + unit.architecture, false);
}

void Compiler::prepare(const std::vector<CodeUnit>& units) {
    // Everything that writes to our maps happens here, before and after the threads.
    std::vector<std::pair<std::string, CodeUnit>> works;
    for (const CodeUnit& unit : units) try {
            works.emplace_back(cuda_key(unit), unit);
        } catch (const MissingTool&) {
            // A compiler of its own may be missing while the others are there; cuda() tells.
        }
    std::vector<Result> results(works.size());
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t i; (i = next++) < works.size();) try {
                results[i].compiled = compile_cuda(works[i].first, works[i].second);
            } catch (...) {
                // cuda() tells, where somebody waits for it.
                results[i].error = std::current_exception();
            }
    };
    {
        std::vector<std::jthread> workers;
        for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i) workers.emplace_back(work);
    }
    for (std::size_t i = 0; i < works.size(); ++i) done_[works[i].first] = std::move(results[i]);
}

template <typename Make>
const Compiled& Compiler::once(const std::string& key, Make make) {
    auto known = done_.find(key);
    if (known == done_.end()) known = done_.emplace(key, Result{make(), nullptr}).first;
    if (known->second.error) std::rethrow_exception(known->second.error);
    return known->second.compiled;
}

const Compiled& Compiler::cuda(const CodeUnit& unit) {
    const std::string key = cuda_key(unit);
    return once(key, [&] { return compile_cuda(key, unit); });
}

const Compiled& Compiler::ptx(const std::string& text, const std::string& architecture, const std::string& what) {
    const std::string key = digest_of(
        fmt::format("{}|{}|{}|{}", tools_.version_of("ptxas"), tools_.version_of("nvdisasm"), architecture, text));
    return once(key, [&] {
        const TemporaryFolder work;
        const fs::path file = work.path() / "kernel.ptx";
        write_atomically(file, text);
        return assemble(key,
                        {tools_.tool("ptxas"), "-v", "-warn-spills", "-warn-lmem-usage",
                         fmt::format("-arch={}", architecture), "-o", "{work}/kernel.cubin", file.string()},
                        what + " for " + architecture);
    });
}

const Compiled& Compiler::opencl(const KernelSource& source, unsigned threads, const std::string& architecture) {
    return ptx(opencl_to_ptx(source, threads, architecture, tools_, cache_), architecture,
               "kernels/" + source.file + " by clang");
}

fs::path find_source_root(const std::string& given) {
    const fs::path root = given.empty() ? fs::path(build::source_folder) : fs::path(given);
    std::error_code none;
    if (!fs::is_directory(root / "kernels", none) || !fs::is_directory(root / "backends", none))
        throw MissingTool(fmt::format("the kernels' sources are not in {}; give the folder of a checkout with --source",
                                      root.string()));
    return fs::canonical(root);
}

}  // namespace stele::explain
