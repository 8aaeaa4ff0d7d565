// How little of their source the languages of an operation have in common.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/record/measurement.hpp"

namespace stele {

struct LanguageSources {
    Language language;
    std::vector<std::string> files;  ///< below kernels/
    std::size_t lines = 0;           ///< of code, equal ones once
};

struct LanguageDistance {
    Language first, second;
    double distance = 0;            ///< Jaccard's, of their lines of code: 0 the same, 1 nothing in common
    std::size_t both = 0;           ///< algorithms that both have
    std::optional<double> of_both;  ///< the distance of those alone; absent where there is none
};

struct CodeDivergence {
    std::string operation;
    std::vector<LanguageSources> languages;
    std::vector<LanguageDistance> pairs;
    double mean = 0;  ///< over the pairs: the code divergence of Harrell and Kitson, P3HPC 2018
};

/// Of the algorithms and languages that stand in the reports, with the files that a checkout at `root` has of them.
/// Operations with one language are left out. Throws CannotRead.
std::vector<CodeDivergence> code_divergence_of(std::span<const Report> reports, const std::filesystem::path& root);

}  // namespace stele
