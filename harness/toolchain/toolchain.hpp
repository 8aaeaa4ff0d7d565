// The compilers and disassemblers of this machine, found at first use.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "harness/base/error.hpp"

namespace stele::explain {

/// A program that is needed is not on this machine: `what()` says which and how to get it.
class MissingTool : public NothingFound {
public:
    using NothingFound::NothingFound;
};

class Toolchain {
public:
    /// Full path of "nvcc", "ptxas", "nvdisasm", "clang-19", or of "libclc", a file. Throws MissingTool.
    const std::string& tool(const std::string& name);
    /// "19.1.7". Throws MissingTool.
    const std::string& version_of(const std::string& name);

private:
    std::map<std::string, std::string> tools_, versions_;
};

/// Hexadecimal, 96 bits of SHA-1: names what is cached by content.
std::string digest_of(std::string_view text);

/// Where compiled kernels are kept: below $XDG_CACHE_HOME, or ~/.cache.
std::filesystem::path default_cache();

/// Writes a cache's entry so that it is there whole or not at all. Makes its folder.
void write_cached(const std::filesystem::path& path, std::string_view content);

}  // namespace stele::explain
