// CLBlast, found at run time: GEMM on any OpenCL device.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "kernels/libraries.hpp"

namespace stele {

/// Row-major matrices in cl_mem objects, C[m,n] = A[m,k] B[k,n]; `b_transposed` means that B is stored as [n,k].
struct ClblastCall {
    std::size_t m = 0, n = 0, k = 0;
    bool b_transposed = false;
    bool half = false;  ///< f16 storage and sums; else f32
    void *a = nullptr, *b = nullptr, *c = nullptr;
    void* queue = nullptr;  ///< the cl_command_queue that the work goes into
};

/// Empty if CLBlast is here, else why not and how to get it.
const std::string& clblast_why_not();
/// None where it has not been loaded. It has no threads: it computes on the device.
std::optional<LibraryState> clblast_state();
/// Puts the product into the queue and does not wait. CLBlast compiles its kernels at the first call on a context. Only
/// where clblast_why_not() is empty, with extents of at least 1. Throws DeviceError with CLBlast's status.
void clblast_gemm(const ClblastCall& call);

}  // namespace stele
