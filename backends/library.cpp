#include "backends/library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <link.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "backends/loaded_library.hpp"

namespace stele {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> split_at_colons(std::string_view text) {
    std::vector<fs::path> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(':'), text.size());
        if (end > 0) out.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

/// The folders in `parent` whose names begin with `start`, the last by name first: newer versions before older ones.
std::vector<fs::path> folders_in(const fs::path& parent, std::string_view start = {}) {
    std::vector<fs::path> out;
    std::error_code error;
    for (fs::directory_iterator at(parent, error), end; !error && at != end; at.increment(error))
        if (at->path().filename().string().starts_with(start) && at->is_directory(error)) out.push_back(at->path());
    std::ranges::sort(out, std::greater());
    return out;
}

/// Folders without repetitions, and only such as exist.
class FolderList {
public:
    void add(const fs::path& path, std::string_view why) {
        std::error_code error;
        const fs::path real = fs::canonical(path, error);
        if (error || !fs::is_directory(real, error)) return;
        if (std::ranges::find(seen_, real) != seen_.end()) return;
        seen_.push_back(real);
        list_.push_back({path, why});
    }
    void add_loader() { list_.push_back({{}, "the loader's path"}); }
    /// What NVIDIA's wheels brought to the Pythons of this prefix: "/usr", "/home/me/.local", a virtual environment.
    void add_wheels(const fs::path& prefix) {
        for (const fs::path& python : folders_in(prefix / "lib", "python3"))
            for (const char* packages : {"site-packages", "dist-packages"})
                for (const fs::path& wheel : folders_in(python / packages / "nvidia"))
                    add(wheel / "lib", "a wheel of NVIDIA's");
    }
    std::vector<LibraryFolder> take() { return std::move(list_); }

private:
    std::vector<LibraryFolder> list_;
    std::vector<fs::path> seen_;
};

/// The file that the loader took.
std::string file_of(void* handle) {
    link_map* map = nullptr;
    return dlinfo(handle, RTLD_DI_LINKMAP, static_cast<void*>(&map)) == 0 && map ? map->l_name : "";
}

}  // namespace

std::vector<LibraryFolder> library_folders(const std::function<const char*(const char*)>& variable) {
    const auto value = [&](const char* name) -> std::string_view {
        const char* found = variable(name);
        return found ? found : "";
    };
    FolderList out;
    for (const fs::path& folder : split_at_colons(value("STELE_LIBRARY_PATH"))) out.add(folder, "STELE_LIBRARY_PATH");
    out.add_loader();
    for (const char* folder : {"/usr/local/nvidia/lib64", "/usr/lib/wsl/lib"}) out.add(folder, "the driver's folder");
    std::error_code error;
    for (const fs::path& folder : split_at_colons(value("PATH")))
        if (fs::exists(folder / "python3", error)) out.add_wheels(folder.parent_path());
    if (const auto home = value("HOME"); !home.empty()) out.add_wheels(fs::path(home) / ".local");
    for (const char* name : {"CUDA_HOME", "CUDA_PATH"})
        if (const auto home = value(name); !home.empty()) out.add(fs::path(home) / "lib64", name);
    out.add("/usr/local/cuda/lib64", "the CUDA toolkit");
    for (const fs::path& toolkit : folders_in("/usr/local", "cuda-")) out.add(toolkit / "lib64", "the CUDA toolkit");
    return out.take();
}

const std::vector<LibraryFolder>& library_folders() {
    static const std::vector<LibraryFolder> found =
        library_folders([](const char* name) -> const char* { return std::getenv(name); });
    return found;
}

std::string in_words(std::span<const LibraryFolder> folders) {
    std::vector<std::string> words;
    for (const LibraryFolder& folder : folders)
        words.push_back(folder.path.empty() ? std::string(folder.why) : folder.path.string());
    return fmt::format("{}", fmt::join(words, ", "));
}

Library::Library(const LibraryName& wanted, std::span<const LibraryFolder> folders)
    : advice_(fmt::format("looked in {}; {}, or name its folder in STELE_LIBRARY_PATH", in_words(folders),
                          wanted.how_to_get)) {
    std::vector<std::string> names, refused;
    for (const char* name : wanted.files) {
        if (!name) continue;
        names.emplace_back(name);
        for (const LibraryFolder& folder : folders) {
            const fs::path file = folder.path / name;
            std::error_code error;
            if (!folder.path.empty() && !fs::exists(file, error)) continue;
            const LoadedLibrary loaded = load_library(file.string());
            handle_ = loaded.handle;
            if (handle_) {
                path_ = folder.path.empty() ? file_of(handle_) : file.string();
                return;
            }
            if (loaded.is_there) refused.push_back(loaded.complaint);
        }
    }
    fail(refused.empty() ? fmt::format("{} was not found", fmt::join(names, " or "))
                         : fmt::format("{} could not be loaded: {}", wanted.title, fmt::join(refused, "; ")));
}

Library::Library(const LibraryName& wanted, std::string refusal) {
    if (refusal.empty())
        *this = Library(wanted);
    else
        failure_ = why_not_ = std::move(refusal);
}

bool Library::is_loaded(const LibraryName& wanted) {
    for (const char* name : wanted.files)
        if (name)
            if (void* handle = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD)) {
                dlclose(handle);
                return true;
            }
    return false;
}

std::string Library::file() const {
    std::error_code unreadable;
    const fs::path path = fs::canonical(path_, unreadable);
    return (unreadable ? fs::path(path_) : path).filename().string();
}

void Library::fail(std::string how) {
    failure_ = std::move(how);
    why_not_ = failure_ + "; " + advice_;
}

void* Library::symbol(const char* name) const { return handle_ ? dlsym(handle_, name) : nullptr; }

void* Library::required(const char* name) {
    void* const found = symbol(name);
    if (!found && loaded()) fail(fmt::format("{} has no function {}", path_, name));
    return found;
}

}  // namespace stele
