#include "kernels/common/library.hpp"

#include <dlfcn.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <link.h>

#include <filesystem>
#include <vector>

#include "backends/loaded_library.hpp"

namespace stele {

Library::Library(std::span<const char* const> names, std::string_view how_to_get, std::string refusal)
    : why_not_(std::move(refusal)) {
    if (!why_not_.empty()) return;
    std::vector<std::string> complaints;
    for (const char* name : names) {
        const LoadedLibrary loaded = load_library(name);
        handle_ = loaded.handle;
        if (handle_) {
            name_ = name;
            return;
        }
        if (loaded.is_there) complaints.push_back(fmt::format("{} does not load: {}", name, loaded.complaint));
    }
    why_not_ = complaints.empty() ? fmt::format("{} was not found; {}", fmt::join(names, " or "), how_to_get)
                                  : fmt::format("{}", fmt::join(complaints, "; "));
}

bool Library::is_loaded(std::span<const char* const> names) {
    for (const char* name : names)
        if (void* handle = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD)) {
            dlclose(handle);
            return true;
        }
    return false;
}

std::string Library::file() const {
    link_map* map = nullptr;
    if (!handle_ || dlinfo(handle_, RTLD_DI_LINKMAP, static_cast<void*>(&map)) != 0 || map == nullptr) return {};
    std::error_code unreadable;
    const auto path = std::filesystem::canonical(map->l_name, unreadable);
    return unreadable ? name_ : path.filename().string();
}

void* Library::symbol(const char* name) const { return handle_ ? dlsym(handle_, name) : nullptr; }

void* Library::required(const char* name) {
    void* const found = symbol(name);
    if (!found && why_not_.empty()) why_not_ = fmt::format("{} has no function {}", name_, name);
    return found;
}

}  // namespace stele
