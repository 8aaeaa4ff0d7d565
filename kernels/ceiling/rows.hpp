// How ceiling's loops become variants, and the list of them.
#pragma once

#include <string>
#include <vector>

#include "kernels/ceiling/problem.hpp"
#include "kernels/row.hpp"

namespace stele::ceiling {

/// One loop in one language; the kernel is ceiling_<algorithm>(a, b, C, iterations), or of a copy (from, to, pieces).
struct Row {
    std::string algorithm;
    std::vector<Language> languages;
    std::vector<Dtype> dtypes;  ///< u8: a copy
    std::vector<std::string> architectures{"sm_80", "sm_90a", "sm_100", "sm_120"};
    std::size_t shared_bytes = 0;          ///< that the kernel declares
    std::size_t dynamic_shared_bytes = 0;  ///< that it is launched with
};

std::vector<Variant> variants_of(const Row& row);
/// Those of every loop.
std::vector<Variant> all_variants();

}  // namespace stele::ceiling
