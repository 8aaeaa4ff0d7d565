#include "backends/cuda/handle.hpp"

#include <cstdio>

#include "backends/error.hpp"

namespace stele::cudart {

void check(cudaError_t code, std::string call, std::string detail, std::source_location where) {
    if (code == cudaSuccess) return;
    // Else the next launch would report this error as its own.
    cudaGetLastError();
    std::string words = cudaGetErrorString(code);
    if (!detail.empty()) words += "; " + detail;
    DeviceError error(std::move(call), code, cudaGetErrorName(code), std::move(words), where);
    throw error.set_out_of_memory(code == cudaErrorMemoryAllocation);
}

void report(cudaError_t code, const char* call) noexcept {
    // At the program's end the runtime may be gone before the last owner: its memory is then gone too.
    if (code == cudaSuccess || code == cudaErrorCudartUnloading) return;
    std::fprintf(stderr, "stele: %s failed with %s (%d)\n", call, cudaGetErrorName(code), static_cast<int>(code));
}

}  // namespace stele::cudart
