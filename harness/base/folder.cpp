#include "harness/base/folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"

namespace stele {

namespace {

[[noreturn]] void fail_folder(const std::filesystem::path& place, const std::string& why) {
    throw CannotWrite(fmt::format("cannot write the folder {}: {}", place.string(), why));
}

/// Without a link at its end, so that a link to a folder stays one.
std::filesystem::path real_place(const std::filesystem::path& place) {
    if (place.empty()) fail_folder("''", "its name is empty");
    std::error_code failed;
    const std::filesystem::path real = std::filesystem::weakly_canonical(std::filesystem::absolute(place), failed);
    if (failed) fail_folder(place, failed.message());
    return real.has_filename() ? real : real.parent_path();
}

}  // namespace

FolderGeneration::FolderGeneration(const std::filesystem::path& place) : place_(real_place(place)) {
    std::error_code failed;
    if (std::filesystem::exists(place_, failed) && !std::filesystem::is_directory(place_, failed))
        fail_folder(place, "a file has that name");
    // Who stands in a folder that is replaced stands nowhere afterwards.
    if (std::filesystem::equivalent(place_, std::filesystem::current_path(), failed))
        fail_folder(place, "it is the current folder; name one in it");
    make_folder(place_.parent_path());
    std::string beside = (place_.parent_path() / ("." + place_.filename().string() + ".XXXXXX")).string();
    if (::mkdtemp(beside.data()) == nullptr) fail_folder(place, std::strerror(errno));
    path_ = beside;
    const mode_t mask = ::umask(0);
    ::umask(mask);
    ::chmod(path_.c_str(), 0777 & ~mask);
}

FolderGeneration::~FolderGeneration() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

void FolderGeneration::keep() {
    // What stood in the place is in path_ afterwards, and goes with this object.
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, place_.c_str(), RENAME_EXCHANGE) == 0) return;
    if (errno == EINVAL || errno == ENOSYS) {  // a file system that cannot exchange
        const std::string aside = path_.string() + ".old";
        if (::rename(place_.c_str(), aside.c_str()) != 0) fail_folder(place_, std::strerror(errno));
        if (::rename(path_.c_str(), place_.c_str()) != 0) {
            const int error = errno;
            ::rename(aside.c_str(), place_.c_str());
            fail_folder(place_, std::strerror(error));
        }
        path_ = aside;
        return;
    }
    if (errno != ENOENT || ::rename(path_.c_str(), place_.c_str()) != 0) fail_folder(place_, std::strerror(errno));
    path_.clear();
}

TemporaryFolder::TemporaryFolder() {
    std::error_code none;
    const std::filesystem::path parent = std::filesystem::temp_directory_path(none);
    std::string pattern = (none ? std::filesystem::path("/tmp") : parent) / "stele-XXXXXX";
    if (!mkdtemp(pattern.data()))
        throw CannotWrite(fmt::format("cannot make a folder {}: {}", pattern, std::strerror(errno)));
    path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace stele
