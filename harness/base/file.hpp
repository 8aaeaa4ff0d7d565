// Files read whole within limits, and written whole or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace stele {

/// What a file of text may hold: a report of 10,000 cells is a tenth of this.
inline constexpr std::size_t most_text_bytes = std::size_t{256} << 20;

/// A regular file, or standard input where `path` is "-", of at most `most_bytes`. Throws CannotRead with the true
/// reason.
std::string read_input(const std::filesystem::path& path, std::size_t most_bytes = most_text_bytes);

/// True for "-", and for any name of what standard output is redirected to.
bool is_standard_output(const std::filesystem::path& path);

/// Throws CannotWrite if a file at `path` could not be written: missing permission, a folder in its place, a parent
/// that is a file. Makes missing parent folders. To be asked before long work.
void check_writable(const std::filesystem::path& path);

/// True if both would end in one file, through links and relative names too. A device that keeps nothing is no file.
bool is_same_output(const std::filesystem::path& a, const std::filesystem::path& b);

/// Writes a temporary file beside `path`, syncs it, and renames it into place; so only regular files are replaced. What
/// is_standard_output(), a character device or a pipe is written to directly. Throws CannotWrite.
void write_atomically(const std::filesystem::path& path, std::string_view text);

/// The same into a new file; false, and nothing is done, where there is one already, also if another process made it a
/// moment ago.
bool write_new(const std::filesystem::path& path, std::string_view text);

/// Where write_somewhere() put a text, or why it could not.
struct Rescue {
    std::string path;  ///< empty: nowhere
    std::string why;   ///< each place that refused, with its reason
};

/// For a text whose own place fails: a new file, named after `name`, in the first of several folders that takes it: the
/// one for temporary files, the current one, home. Made exclusively, so nobody's link is followed.
Rescue write_somewhere(const std::string& name, std::string_view text) noexcept;

/// Makes a folder and its parents. Throws CannotWrite.
void make_folder(const std::filesystem::path& path);

/// Keeps other processes of Stele from writing files in a folder between a reading and a writing. Waits for its turn.
class FolderLock {
public:
    /// `file`: in the folder that is meant, which is made. Throws CannotWrite.
    explicit FolderLock(const std::filesystem::path& file);
    ~FolderLock();
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

private:
    int folder_;
};

}  // namespace stele
