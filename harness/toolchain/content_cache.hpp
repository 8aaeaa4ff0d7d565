// Texts that took long to make, kept on disk under a name that says from what.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace stele {

/// A convenience: what cannot be read, or is not what was written, is not there; what cannot be written is not kept.
class ContentCache {
public:
    /// Of the user, below $XDG_CACHE_HOME or ~/.cache. Keeps nothing where neither names a folder.
    static ContentCache of_user();
    /// In `folder`, which is made when needed. Keeps nothing where its name is empty.
    explicit ContentCache(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// `name` is a path below the folder, of digest_of() all that the text depends on.
    std::optional<std::string> find(const std::string& name) const;
    void keep(const std::string& name, std::string_view text) const;

private:
    std::filesystem::path folder_;
};

/// Hexadecimal, 96 bits of SHA-1: names what is cached by content.
std::string digest_of(std::string_view text);

}  // namespace stele
