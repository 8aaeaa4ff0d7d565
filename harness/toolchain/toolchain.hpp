// The compilers and disassemblers of this machine, found at first use.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "harness/base/error.hpp"

namespace stele {

/// A program that is needed is not on this machine: `what()` says which and how to get it.
class MissingTool : public NothingFound {
public:
    using NothingFound::NothingFound;
};

class Toolchain {
public:
    /// Full path of "nvcc", "ptxas", "nvdisasm", "cuobjdump", "clang-19", of "tile-nvcc", the nvcc that knows CUDA Tile
    /// C++, or of "libclc", a file. Throws MissingTool.
    const std::string& tool(const std::string& name);
    /// "19.1.7". Throws MissingTool.
    const std::string& version_of(const std::string& name);

private:
    std::map<std::string, std::string> tools_, versions_;
};

}  // namespace stele
