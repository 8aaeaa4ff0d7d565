// Files that are there whole or not at all.
#pragma once

#include <filesystem>
#include <string_view>

namespace stele {

/// Throws CommandError (exit_usage) if a file at `path` could not be written: missing permission, a folder in its
/// place, a parent that is a file. Makes missing parent folders. To be asked before long work.
void check_writable(const std::filesystem::path& path);

/// Writes a temporary file beside `path`, syncs it, and renames it into place. A device such as /dev/null is written
/// to directly. Throws CommandError (exit_usage).
void write_atomically(const std::filesystem::path& path, std::string_view text);

/// Makes a folder and its parents. Throws CommandError (exit_usage).
void make_folder(const std::filesystem::path& path);

}  // namespace stele
