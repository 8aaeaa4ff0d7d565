// A shared library, and the loader's own words where it does not load.
#pragma once

#include <string>

namespace stele {

/// Whether a library is there, and loads.
struct LoadedLibrary {
    void* handle = nullptr;  ///< never closed by this
    bool is_there = true;    ///< false: the loader found no file of that name
    std::string complaint;   ///< the loader's words; empty where it loads
};

/// By the loader's search path, where `name` is no path.
LoadedLibrary load_library(const std::string& name);

}  // namespace stele
