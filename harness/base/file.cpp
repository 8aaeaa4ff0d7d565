#include "harness/base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "harness/base/descriptor.hpp"
#include "harness/base/error.hpp"

namespace stele {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& why) {
    throw CannotWrite(fmt::format("cannot write {}: {}", path.string(), why));
}

/// Removes a file unless it was renamed away.
struct Cleanup {
    std::string path;
    ~Cleanup() {
        if (!path.empty()) ::unlink(path.c_str());
    }
};

fs::path parent_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

/// Where the file really is, so that a link stays a link; also where it leads to what is not there yet.
fs::path target_of(fs::path path) {
    std::error_code failed;
    for (int links = 0; links < 40 && fs::is_symlink(path, failed); ++links) {
        const fs::path next = fs::read_symlink(path, failed);
        if (failed) break;
        path = next.is_absolute() ? next : parent_of(path) / next;
    }
    return path;
}

/// "a folder", "a pipe"; empty for a regular file.
std::string_view kind_of(mode_t mode) {
    if (S_ISREG(mode)) return "";
    if (S_ISDIR(mode)) return "a folder";
    if (S_ISFIFO(mode)) return "a pipe";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

/// What is written to as it is, without replacing it.
bool is_stream(const fs::path& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && (S_ISCHR(status.st_mode) || S_ISFIFO(status.st_mode));
}

mode_t file_mode() {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return 0666 & ~mask;
}

/// A new file beside `path`, and its name.
std::pair<int, std::string> open_beside(const fs::path& path) {
    std::string name = (parent_of(path) / ("." + path.filename().string() + ".XXXXXX")).string();
    const int file = ::mkostemp(name.data(), O_CLOEXEC);
    if (file < 0) fail(path, std::strerror(errno));
    ::fchmod(file, file_mode());
    return {file, name};
}

/// A whole text beside the place where it shall be, on disk; goes away unless it is placed there.
class Written {
public:
    Written(const fs::path& target, std::string_view text) : target_(target) {
        make_folder(parent_of(target));
        const auto [opened, name] = open_beside(target);
        Descriptor file(opened);
        cleanup_.path = name;
        if (!write_all(file.get(), text) || ::fsync(file.get()) != 0 || !file.close())
            fail(target, std::strerror(errno));
    }
    const std::string& name() const { return cleanup_.path; }
    /// After a renaming.
    void is_placed() {
        cleanup_.path.clear();
        sync_folder();
    }
    /// A name is in the folder, and so is its change.
    void sync_folder() const {
        const Descriptor folder(::open(parent_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (folder.open()) ::fsync(folder.get());
    }

private:
    fs::path target_;
    Cleanup cleanup_;
};

std::string read_from(int file, const std::string& name, std::size_t most_bytes) {
    std::string text;
    for (char piece[1 << 16];;) {
        const ssize_t got = ::read(file, piece, sizeof piece);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw CannotRead(fmt::format("{}: cannot be read: {}", name, std::strerror(errno)));
        if (got == 0) return text;
        if (text.size() + static_cast<std::size_t>(got) > most_bytes)
            throw CannotRead(fmt::format("{}: larger than the {} bytes that are read", name, most_bytes));
        text.append(piece, static_cast<std::size_t>(got));
    }
}

}  // namespace

std::string read_input(const fs::path& path, std::size_t most_bytes) {
    if (path == "-") return read_from(STDIN_FILENO, "standard input", most_bytes);
    // Not blocking: a pipe without a writer would wait for ever before it can be seen to be one.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!file.open())
        throw CannotRead(fmt::format("{}: cannot be opened for reading: {}", path.string(), std::strerror(errno)));
    struct stat status{};
    if (::fstat(file.get(), &status) != 0)
        throw CannotRead(fmt::format("{}: cannot be read: {}", path.string(), std::strerror(errno)));
    if (const std::string_view kind = kind_of(status.st_mode); !kind.empty())
        throw CannotRead(fmt::format("{}: {}; name a file", path.string(), kind));
    if (static_cast<std::size_t>(status.st_size) > most_bytes)
        throw CannotRead(
            fmt::format("{}: {} bytes, more than the {} that are read", path.string(), status.st_size, most_bytes));
    return read_from(file.get(), path.string(), most_bytes);
}

bool is_standard_output(const fs::path& path) {
    if (path == "-") return true;
    struct stat named{}, output{};
    if (::stat(path.c_str(), &named) != 0 || ::fstat(STDOUT_FILENO, &output) != 0) return false;
    // /dev/null is no place that two writers would share.
    if (S_ISCHR(named.st_mode) && ::isatty(STDOUT_FILENO) != 1) return false;
    return named.st_dev == output.st_dev && named.st_ino == output.st_ino;
}

bool is_same_output(const fs::path& a, const fs::path& b) {
    const bool out_a = is_standard_output(a), out_b = is_standard_output(b);
    if (out_a || out_b) return out_a && out_b;
    struct stat of_a{}, of_b{};
    if (::stat(a.c_str(), &of_a) == 0 && ::stat(b.c_str(), &of_b) == 0)
        return of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino && !S_ISCHR(of_a.st_mode);
    std::error_code failed_a, failed_b;
    const fs::path real_a = fs::weakly_canonical(fs::absolute(target_of(a)), failed_a);
    const fs::path real_b = fs::weakly_canonical(fs::absolute(target_of(b)), failed_b);
    return !failed_a && !failed_b && real_a == real_b;
}

void make_folder(const fs::path& path) {
    std::error_code failed;
    fs::create_directories(path, failed);
    if (failed) throw CannotWrite(fmt::format("cannot make the folder {}: {}", path.string(), failed.message()));
    if (!fs::is_directory(path, failed)) throw CannotWrite(fmt::format("{} is not a folder", path.string()));
}

void check_writable(const fs::path& path) {
    if (path.empty()) fail("a file", "its name is empty");
    if (is_standard_output(path)) return;
    const fs::path target = target_of(path);
    if (target.filename().empty()) fail(path, "it names no file");
    struct stat status{};
    if (::stat(target.c_str(), &status) == 0) {
        if (is_stream(target)) {
            if (::access(target.c_str(), W_OK) != 0) fail(path, std::strerror(errno));
            return;
        }
        if (const std::string_view kind = kind_of(status.st_mode); !kind.empty())
            fail(path, fmt::format("it is {}", kind));
    }
    make_folder(parent_of(target));
    const auto [file, name] = open_beside(target);
    const Descriptor owner(file);
    const Cleanup cleanup{name};
}

void write_atomically(const fs::path& path, std::string_view text) {
    if (is_standard_output(path)) {
        std::fflush(stdout);
        if (!write_all(STDOUT_FILENO, text)) fail("to the standard output", std::strerror(errno));
        return;
    }
    const fs::path target = target_of(path);
    if (is_stream(target)) {
        Descriptor file(::open(target.c_str(), O_WRONLY | O_CLOEXEC));
        if (!file.open() || !write_all(file.get(), text)) fail(path, std::strerror(errno));
        return;
    }
    Written written(target, text);
    if (::rename(written.name().c_str(), target.c_str()) != 0) fail(path, std::strerror(errno));
    written.is_placed();
}

bool write_new(const fs::path& path, std::string_view text) {
    Written written(path, text);
    // A link fails where there is something, a renaming takes its place.
    if (::link(written.name().c_str(), path.c_str()) == 0) {
        written.sync_folder();
        return true;
    }
    if (errno == EEXIST) return false;
    // Some file systems have no links. There a new file is opened, and may be seen before it is whole.
    Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!file.open() && errno == EEXIST) return false;
    if (!file.open() || !write_all(file.get(), text) || ::fsync(file.get()) != 0 || !file.close())
        fail(path, std::strerror(errno));
    return true;
}

Rescue write_somewhere(const std::string& name, std::string_view text) noexcept try {
    std::vector<std::string> folders;
    for (const char* variable : {"TMPDIR", "HOME"})
        if (const char* folder = std::getenv(variable); folder && *folder) folders.emplace_back(folder);
    folders.insert(folders.end(), {"/tmp", "/var/tmp", "."});
    Rescue rescue;
    for (const std::string& folder : folders) {
        std::string path = (fs::path(folder) / ("stele-XXXXXX-" + name)).string();
        const Descriptor file(::mkostemps(path.data(), static_cast<int>(name.size() + 1), O_CLOEXEC));
        if (file.open() && write_all(file.get(), text) && ::fsync(file.get()) == 0) {
            rescue.path = path;
            return rescue;
        }
        rescue.why += fmt::format("{}{}: {}", rescue.why.empty() ? "" : "; ", folder, std::strerror(errno));
        if (file.open()) ::unlink(path.c_str());
    }
    return rescue;
} catch (...) {
    return {};
}

FolderLock::FolderLock(const fs::path& file) : folder_(-1) {
    const fs::path folder = parent_of(target_of(file));
    make_folder(folder);
    folder_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_ < 0) fail(file, std::strerror(errno));
    // Where a file system has no locks, the reading before each writing still keeps nearly everything.
    while (::flock(folder_, LOCK_EX) != 0 && errno == EINTR) {
    }
}

FolderLock::~FolderLock() { ::close(folder_); }

}  // namespace stele
