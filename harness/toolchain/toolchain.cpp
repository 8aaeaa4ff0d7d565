#include "harness/toolchain/toolchain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <vector>

#include "harness/base/process.hpp"
#include "harness/toolchain/build_paths.hpp"

namespace stele {
namespace fs = std::filesystem;
namespace {

struct ToolAdvice {
    const char* name;
    const char* advice;
};
constexpr std::array<ToolAdvice, 6> advice{{
    {"nvcc", "install the CUDA toolkit, or run `./dev build`, which fetches its wheels"},
    {"ptxas", "it comes with nvcc: install the CUDA toolkit, or run `./dev build`"},
    {"nvdisasm", "it comes with the CUDA toolkit or the wheel nvidia-cuda-nvdisasm; `./dev build` fetches it"},
    {"tile-nvcc", "the compiler of CUDA Tile C++; `./dev tiles` fetches it"},
    {"clang-19", "apt-get install clang-19"},
    {"libclc",
     "it comes with Debian's libclc-19; `./dev build` unpacks it, or set STELE_LIBCLC to its nvptx64--nvidiacl.bc"},
}};

fs::path beside_compiler(const std::string& nvcc, const char* name) { return fs::path(nvcc).parent_path() / name; }

/// Of NVIDIA's wheels below a folder of this tree.
std::optional<std::string> of_wheels(const char* folder, const std::string& name) {
    const fs::path lib = fs::path(build::source_folder) / folder;
    if (!fs::is_directory(lib)) return std::nullopt;
    for (const auto& python : fs::directory_iterator(lib))
        if (const auto path = python.path() / "site-packages/nvidia/cu13/bin" / name; fs::exists(path))
            return path.string();
    return std::nullopt;
}

std::optional<std::string> find_tool(const std::string& name) {
    if (name == "libclc") {
        const char* given = std::getenv("STELE_LIBCLC");
        std::vector<fs::path> candidates;
        if (given)
            candidates.emplace_back(given);
        else
            for (const fs::path& folder :
                 {fs::path(build::source_folder) / ".deps/libclc/usr/lib/clc", fs::path("/usr/lib/clc")})
                candidates.push_back(folder / "nvptx64--nvidiacl.bc");
        for (const auto& path : candidates)
            if (fs::exists(path)) return path.string();
        return std::nullopt;
    }
    if (name == "tile-nvcc") return of_wheels(".deps/tiles/lib", "nvcc");
    if (name == "nvcc") {
        const char* given = std::getenv("CUDACXX");
        for (const char* path : {given ? given : "", build::nvcc})
            if (*path && fs::exists(path)) return path;
    }
    if (const auto found = find_program(name)) return found->string();
    const auto nvcc = name == "nvcc" ? std::nullopt : find_tool("nvcc");
    if (nvcc)
        if (const auto path = beside_compiler(*nvcc, name.c_str()); fs::exists(path)) return path.string();
    if (const auto path = of_wheels(".deps/venv/lib", name)) return path;
    if (const auto path = fs::path("/usr/local/cuda/bin") / name; fs::exists(path)) return path.string();
    return std::nullopt;
}

}  // namespace

const std::string& Toolchain::tool(const std::string& name) {
    if (const auto known = tools_.find(name); known != tools_.end()) return known->second;
    if (const auto found = find_tool(name)) return tools_[name] = *found;
    const auto row =
        std::find_if(advice.begin(), advice.end(), [&](const ToolAdvice& entry) { return entry.name == name; });
    throw MissingTool(
        fmt::format("{} is not on this machine; {}", name, row == advice.end() ? "install it" : row->advice));
}

const std::string& Toolchain::version_of(const std::string& name) {
    if (const auto known = versions_.find(name); known != versions_.end()) return known->second;
    const std::string text = run_process({tool(name), "--version"}).output;
    // "Cuda compilation tools, release 13.0, V13.0.88", "clang version 19.1.7": the first number with two dots.
    constexpr std::string_view in_number = "0123456789.";
    std::string& version = versions_[name] = "unknown";
    for (std::size_t at = text.find_first_of(in_number); at != text.npos && version == "unknown";) {
        const std::size_t end = std::min(text.find_first_not_of(in_number, at), text.size());
        std::string number = text.substr(at, end - at);
        if (std::count(number.begin(), number.end(), '.') == 2) version = std::move(number);
        at = text.find_first_of(in_number, end);
    }
    return version;
}

}  // namespace stele
