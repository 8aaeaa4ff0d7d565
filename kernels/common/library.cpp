#include "kernels/common/library.hpp"

#include <dlfcn.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace stele {

Library::Library(std::span<const char* const> names, std::string_view how_to_get) {
    for (const char* name : names) {
        handle_ = dlopen(name, RTLD_NOW | RTLD_LOCAL);
        if (!handle_) continue;
        name_ = name;
        return;
    }
    why_not_ = fmt::format("{} was not found; {}", fmt::join(names, " or "), how_to_get);
}

void* Library::symbol(const char* name) const { return handle_ ? dlsym(handle_, name) : nullptr; }

void* Library::required(const char* name) {
    void* const found = symbol(name);
    if (!found && why_not_.empty()) why_not_ = fmt::format("{} has no function {}", name_, name);
    return found;
}

}  // namespace stele
