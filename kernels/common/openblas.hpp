// OpenBLAS, found at run time: a CPU ceiling for f32.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kernels/libraries.hpp"

namespace stele {

/// Row-major f32 matrices, C[m,n] = A[m,k] B[k,n], each with its leading dimension; `_transposed` means that the matrix
/// is stored as its transpose. Extents as CBLAS has them: int.
struct SgemmCall {
    int m = 0, n = 0, k = 0;
    const float* a = nullptr;
    int a_leading = 0;
    bool a_transposed = false;
    const float* b = nullptr;
    int b_leading = 0;
    bool b_transposed = false;
    float* c = nullptr;
    int c_leading = 0;
    float alpha = 1.0f;
};

/// Empty if OpenBLAS is here, else why not and how to get it.
const std::string& openblas_why_not();
/// "OpenBLAS 0.3.21 …, 2 threads"; empty where there is none.
std::string openblas_description();
/// OpenBLAS chooses kernels by the CPU's model, and takes those of the oldest for a model that is younger than itself:
/// says so where it computes for a `core` without AVX2 on a CPU that has it.
std::optional<std::string> remark_on_core(std::string_view core, bool cpu_has_avx2);
/// None where it has not been loaded.
std::optional<LibraryState> openblas_state();
/// Only where openblas_why_not() is empty.
void openblas_sgemm(const SgemmCall& call);

}  // namespace stele
