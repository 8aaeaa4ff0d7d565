#include "backends/simt/device/module.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "backends/loaded_library.hpp"

namespace stele::simt {
namespace {

bool wants_checks() {
    const char* value = std::getenv("STELE_SIMT_CHECKS");
    return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

/// The instruction sets that cmake/Simt.cmake lets the compiler use.
std::string missing_instructions() {
#if defined(STELE_SIMT_AVX2)
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return "the module was built for a CPU with AVX2, FMA and F16C, which this one lacks; build it here";
#endif
    return {};
}

}  // namespace

Module load_module(const std::string& path) {
    Module out;
    out.path = path;
    out.why_not = missing_instructions();
    if (!out.why_not.empty()) return out;
    // Never closed: kernels' entries point into it.
    const LoadedLibrary library = load_library(path);
    if (library.handle == nullptr) {
        out.why_not = library.complaint;
        return out;
    }
    auto* get = reinterpret_cast<const ModuleTable* (*)()>(dlsym(library.handle, module_symbol));
    if (get == nullptr) {
        out.why_not = path + " is no module of kernels";
        return out;
    }
    const ModuleTable* table = get();
    if (table->version != ModuleTable::current_version)
        out.why_not = path + " was built by another version";
    else
        out.table = table;
    return out;
}

std::string find_module(const std::string& name) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
    for (const fs::path& place : {folder, folder.parent_path() / "lib", fs::path(STELE_SIMT_MODULE_FOLDER)})
        if (const auto path = place / name; fs::exists(path, error)) return path.string();
    return {};
}

const Module& active_module() {
    static const Module module = [] {
        const std::string name = wants_checks() ? "libstele_simt_checked.so" : "libstele_simt.so";
        if (const std::string path = find_module(name); !path.empty()) return load_module(path);
        Module out;
        out.why_not = name + " is neither beside the binary nor in ../lib of it nor in " STELE_SIMT_MODULE_FOLDER;
        return out;
    }();
    return module;
}

}  // namespace stele::simt
