#include "harness/explain/compiler.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <regex>
#include <sstream>
#include <thread>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/process.hpp"
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

Compiler::Compiler(fs::path source_root, ContentCache cache)
    : root_(std::move(source_root)), cache_(std::move(cache)) {}

std::map<std::string, std::string> Compiler::versions() {
    std::map<std::string, std::string> out;
    for (const char* name : {"nvcc", "nvdisasm", "clang-19"}) {
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

Compiled Compiler::assemble(const std::string& key, std::vector<std::string> command, const std::string& what) {
    const std::string log_name = key + "/assembler.txt", listing_name = key + "/sass.json";
    const auto read = [](const std::string& log, const std::string& listing) {
        Compiled compiled;
        compiled.assembler = parse_assembler_output(log);
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
    const std::string said = made.output + made.errors;
    const ProcessResult sass = run_process({tools_.tool("nvdisasm"), "-json", work.path() / "kernel.cubin"});
    if (sass.status != 0) throw Failed(fmt::format("nvdisasm cannot read {}: {}", what, sass.errors));
    Compiled compiled = read(said, sass.output);
    cache_.keep(log_name, said);
    cache_.keep(listing_name, sass.output);
    return compiled;
}

std::string Compiler::cuda_key(const std::string& file, const std::string& architecture) {
    return digest_of(fmt::format("{}|{}|{}|{}|{}", tools_.version_of("nvcc"), tools_.version_of("nvdisasm"),
                                 architecture, read_input(root_ / "kernels" / file), headers_digest()));
}

Compiled Compiler::compile_cuda(const std::string& key, const std::string& file, const std::string& architecture) {
    // The options of the build itself, so that the figures are those of the binary.
    const std::vector<std::string> command{tools_.tool("nvcc"),
                                           "-std=c++20",
                                           "-O3",
                                           "-lineinfo",
                                           "-static-global-template-stub=false",
                                           fmt::format("-arch={}", architecture),
                                           "-cubin",
                                           "-Xptxas=-v,-warn-spills,-warn-lmem-usage",
                                           "-I" + root_.string(),
                                           "-o",
                                           "{work}/kernel.cubin",
                                           (root_ / "kernels" / file).string()};
    return assemble(key, command, "kernels/" + file + " for " + architecture);
}

void Compiler::prepare(const std::vector<std::pair<std::string, std::string>>& files_and_architectures) {
    // Everything that writes to our maps happens here, before and after the threads.
    std::vector<std::string> keys;
    for (const auto& [file, architecture] : files_and_architectures) keys.push_back(cuda_key(file, architecture));
    std::vector<Result> results(keys.size());
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t i; (i = next++) < keys.size();) try {
                const auto& [file, architecture] = files_and_architectures[i];
                results[i].compiled = compile_cuda(keys[i], file, architecture);
            } catch (...) {
                // cuda() tells, where somebody waits for it.
                results[i].error = std::current_exception();
            }
    };
    {
        std::vector<std::jthread> workers;
        for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i) workers.emplace_back(work);
    }
    for (std::size_t i = 0; i < keys.size(); ++i) done_[keys[i]] = std::move(results[i]);
}

template <typename Make>
const Compiled& Compiler::once(const std::string& key, Make make) {
    auto known = done_.find(key);
    if (known == done_.end()) known = done_.emplace(key, Result{make(), nullptr}).first;
    if (known->second.error) std::rethrow_exception(known->second.error);
    return known->second.compiled;
}

const Compiled& Compiler::cuda(const std::string& file, const std::string& architecture) {
    const std::string key = cuda_key(file, architecture);
    return once(key, [&] { return compile_cuda(key, file, architecture); });
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
    const fs::path root = given.empty() ? fs::path(STELE_SOURCE_DIR) : fs::path(given);
    std::error_code none;
    if (!fs::is_directory(root / "kernels", none) || !fs::is_directory(root / "backends", none))
        throw MissingTool(fmt::format("the kernels' sources are not in {}; give the folder of a checkout with --source",
                                      root.string()));
    return fs::canonical(root);
}

}  // namespace stele::explain
