// Finds and loads modules of kernels that g++ compiled for the CPU.
#pragma once

#include <string>

#include "backends/simt/abi.hpp"

namespace stele::simt {

struct Module {
    const ModuleTable* table = nullptr;
    std::string path;
    std::string why_not;  ///< set when table is null
};

/// Loads a module; a failure is told in why_not.
Module load_module(const std::string& path);

/// The file of a module: beside the running binary, in the lib folder of an installation, or in the folder where this
/// was built. Empty if it is in none.
std::string find_module(const std::string& name);

/// The module that device simt:0 runs: libstele_simt.so, or libstele_simt_checked.so when the environment has
/// STELE_SIMT_CHECKS=1. Loaded once.
const Module& active_module();

}  // namespace stele::simt
