// Text that is compared with a file below tests/golden/, so that what is exchanged in both writer and reader shows.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace stele::test {

/// Where they differ, the new text is left beside other temporary files, to be looked at before it replaces the old.
inline void expect_golden(const std::string& name, const std::string& text) {
    std::ifstream file(std::filesystem::path(STELE_SOURCE_DIR "/tests/golden") / name);
    const std::string wanted{std::istreambuf_iterator<char>(file), {}};
    if (text == wanted) return;
    const std::filesystem::path kept = std::filesystem::temp_directory_path() / ("stele-" + name);
    std::ofstream(kept) << text;
    ADD_FAILURE() << "tests/golden/" << name << " differs from " << kept << ":\n" << text;
}

}  // namespace stele::test
