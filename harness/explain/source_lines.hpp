// How long a kernel is in each language, and what siblings have in common.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace stele::explain {

struct SourceLines {
    std::string file;       ///< below kernels/
    std::size_t lines = 0;  ///< of code: no blank line, no comment, no lone brace
};

struct SharedLines {
    std::string first, second;
    double share = 0;  ///< Jaccard: lines in both ÷ lines in either
};

struct SourceOverlap {
    std::vector<SourceLines> files;
    std::vector<SharedLines> pairs;
    /// 1 − mean Jaccard similarity over the pairs (code divergence; Harrell and Kitson, P3HPC 2018).
    double divergence = 0;
};

/// Lines of code, white space folded, without comments, in the order of the file.
std::vector<std::string> code_lines(const std::string& text);

/// Of `files` below `root`/kernels. Throws CannotRead.
SourceOverlap overlap_of(const std::filesystem::path& root, const std::vector<std::string>& files);

}  // namespace stele::explain
