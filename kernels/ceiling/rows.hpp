// How ceiling's loops become variants, and the list of them.
#pragma once

#include <string>
#include <vector>

#include "kernels/ceiling/problem.hpp"
#include "kernels/row.hpp"

namespace stele::ceiling {

/// One algorithm in its languages; the kernel is ceiling_<algorithm>, of a loop (a, b, C, iterations), of a copy (from,
/// to, pieces), of a triad (b, c, to, pieces), of a launch (first, done, index). One of several forms has a kernel for
/// each, ceiling_<algorithm>_<form>.
struct Row {
    std::string algorithm;
    std::vector<Form> forms;
    std::vector<Language> languages;
    std::vector<Dtype> dtypes;
    std::vector<std::string> architectures{"sm_80", "sm_90a", "sm_100", "sm_120"};
    std::size_t shared_bytes = 0;          ///< that the kernel declares
    std::size_t dynamic_shared_bytes = 0;  ///< that it is launched with
    bool for_cpus = false;                 ///< a block is one thread
    /// Pieces of 16 bytes that a block moves at a time; 0: one a thread.
    std::int64_t pieces_at_once = 0;

    /// Of tiles a launch counts blocks; of threads the compiler decides.
    bool of_tiles() const { return languages.front() == Language::cuda_tile; }
    /// Of a block.
    int threads() const { return for_cpus || of_tiles() || forms.front() == Form::launch ? 1 : ceiling::threads; }
};

std::vector<Variant> variants_of(const Row& row);
/// Those of every loop.
std::vector<Variant> all_variants();

}  // namespace stele::ceiling
