#include "backends/loaded_library.hpp"

#include <dlfcn.h>

#include <string_view>

namespace stele {

LoadedLibrary load_library(const std::string& name) {
    LoadedLibrary out;
    out.handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (out.handle) return out;
    const char* words = dlerror();
    out.complaint = words ? words : "the loader gives no reason";
    // The loader has no code for this. Of a library whose own needs are missing it names those first.
    constexpr std::string_view missing = ": cannot open shared object file: No such file or directory";
    out.is_there = out.complaint != name + std::string(missing);
    return out;
}

}  // namespace stele
