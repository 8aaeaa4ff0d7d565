// How ceiling's loops become variants, and the list of them.
#pragma once

#include <string>
#include <vector>

#include "kernels/ceiling/problem.hpp"
#include "kernels/row.hpp"

namespace stele::ceiling {

/// One algorithm in its languages; the kernel is ceiling_<algorithm>, of a loop (a, b, C, iterations), of a copy (from,
/// to, pieces), of a triad (b, c, to, pieces), of a launch (first, done, index).
struct Row {
    std::string algorithm;
    std::vector<Form> forms;
    std::vector<Language> languages;
    std::vector<Dtype> dtypes;
    std::vector<std::string> architectures{"sm_80", "sm_90a", "sm_100", "sm_120"};
    std::size_t shared_bytes = 0;          ///< that the kernel declares
    std::size_t dynamic_shared_bytes = 0;  ///< that it is launched with
    bool for_cpus = false;                 ///< a block is one thread

    /// Of a block.
    int threads() const { return for_cpus || forms.front() == Form::launch ? 1 : ceiling::threads; }
};

std::vector<Variant> variants_of(const Row& row);
/// Those of every loop.
std::vector<Variant> all_variants();

}  // namespace stele::ceiling
