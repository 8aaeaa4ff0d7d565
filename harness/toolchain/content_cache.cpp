#include "harness/toolchain/content_cache.hpp"

#include <fmt/format.h>

#include <boost/uuid/detail/sha1.hpp>
#include <cstdlib>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"

namespace stele {
namespace fs = std::filesystem;
namespace {

/// First line of an entry, a comment in PTX: a file that was cut, or changed since, does not fit it.
std::string sum_line(std::string_view text) { return fmt::format("// sum {}\n", digest_of(text)); }

/// A folder that a variable names, by its whole path; relative ones are to be ignored (XDG Base Directory
/// Specification).
fs::path folder_in(const char* variable) {
    const char* value = std::getenv(variable);
    const fs::path folder = value ? value : "";
    return folder.is_absolute() ? folder : fs::path();
}

}  // namespace

ContentCache ContentCache::of_user() {
    fs::path caches = folder_in("XDG_CACHE_HOME");
    if (const fs::path home = folder_in("HOME"); caches.empty() && !home.empty()) caches = home / ".cache";
    return ContentCache(caches.empty() ? caches : caches / "stele/explain");
}

std::optional<std::string> ContentCache::find(const std::string& name) const {
    if (folder_.empty()) return std::nullopt;
    try {
        std::string entry = read_input(folder_ / name);
        const std::size_t end = entry.find('\n') + 1;
        const std::string_view text = std::string_view(entry).substr(end);
        if (entry.substr(0, end) != sum_line(text)) return std::nullopt;
        return entry.substr(end);
    } catch (const CannotRead&) {
        return std::nullopt;
    }
}

void ContentCache::keep(const std::string& name, std::string_view text) const {
    if (folder_.empty()) return;
    // A pipe in its place would wait for a reader.
    std::error_code none;
    if (const fs::file_status there = fs::status(folder_ / name, none);
        fs::exists(there) && !fs::is_regular_file(there))
        return;
    try {
        write_atomically(folder_ / name, sum_line(text).append(text));
    } catch (const CannotWrite&) {
        // A full disk, or a folder of somebody else's: the next run makes it again.
    }
}

std::string digest_of(std::string_view text) {
    boost::uuids::detail::sha1 sha;
    sha.process_bytes(text.data(), text.size());
    unsigned words[5];
    sha.get_digest(words);
    return fmt::format("{:08x}{:08x}{:08x}", words[0], words[1], words[2]);
}

}  // namespace stele
