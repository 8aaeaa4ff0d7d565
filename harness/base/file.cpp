#include "harness/base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "harness/base/exit_code.hpp"

namespace stele {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& why) {
    throw CommandError(exit_usage, fmt::format("cannot write {}: {}", path.string(), why));
}

class Descriptor {
public:
    explicit Descriptor(int value) : value_(value) {}
    ~Descriptor() {
        if (value_ >= 0) ::close(value_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return value_; }
    bool open() const { return value_ >= 0; }
    bool close() { return ::close(std::exchange(value_, -1)) == 0; }

private:
    int value_;
};

/// Removes a file unless it was renamed away.
struct Cleanup {
    std::string path;
    ~Cleanup() {
        if (!path.empty()) ::unlink(path.c_str());
    }
};

bool write_all(int to, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(to, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

fs::path parent_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

/// Where the file really is, so that a link stays a link.
fs::path target_of(const fs::path& path) {
    std::error_code failed;
    const fs::path real = fs::is_symlink(path, failed) ? fs::weakly_canonical(path, failed) : path;
    return failed || real.empty() ? path : real;
}

bool is_device(const fs::path& path) {
    std::error_code ignored;
    const fs::file_status status = fs::status(path, ignored);
    return fs::is_character_file(status) || fs::is_fifo(status);
}

/// A new file beside `path`, and its name.
std::pair<int, std::string> open_beside(const fs::path& path) {
    std::string name = (parent_of(path) / ("." + path.filename().string() + ".XXXXXX")).string();
    const int file = ::mkostemp(name.data(), O_CLOEXEC);
    if (file < 0) fail(path, std::strerror(errno));
    const mode_t mask = ::umask(0);
    ::umask(mask);
    ::fchmod(file, 0666 & ~mask);
    return {file, name};
}

}  // namespace

void make_folder(const fs::path& path) {
    std::error_code failed;
    fs::create_directories(path, failed);
    if (failed)
        throw CommandError(exit_usage, fmt::format("cannot make the folder {}: {}", path.string(), failed.message()));
    if (!fs::is_directory(path, failed))
        throw CommandError(exit_usage, fmt::format("{} is not a folder", path.string()));
}

void check_writable(const fs::path& path) {
    const fs::path target = target_of(path);
    std::error_code ignored;
    if (fs::is_directory(target, ignored)) fail(path, "it is a folder");
    if (target.filename().empty()) fail(path, "it names no file");
    if (is_device(target)) {
        if (::access(target.c_str(), W_OK) != 0) fail(path, std::strerror(errno));
        return;
    }
    make_folder(parent_of(target));
    const auto [file, name] = open_beside(target);
    const Descriptor owner(file);
    const Cleanup cleanup{name};
}

void write_atomically(const fs::path& path, std::string_view text) {
    const fs::path target = target_of(path);
    if (is_device(target)) {
        Descriptor file(::open(target.c_str(), O_WRONLY | O_CLOEXEC));
        if (!file.open() || !write_all(file.get(), text)) fail(path, std::strerror(errno));
        return;
    }
    make_folder(parent_of(target));
    const auto [opened, name] = open_beside(target);
    Descriptor file(opened);
    Cleanup cleanup{name};
    if (!write_all(file.get(), text) || ::fsync(file.get()) != 0 || !file.close()) fail(path, std::strerror(errno));
    if (::rename(name.c_str(), target.c_str()) != 0) fail(path, std::strerror(errno));
    cleanup.path.clear();
    // The rename itself is in the folder.
    const Descriptor folder(::open(parent_of(target).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.open()) ::fsync(folder.get());
}

}  // namespace stele
