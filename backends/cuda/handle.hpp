// Owners of CUDA handles, and the two forms of check.
#pragma once

#include <cuda_runtime_api.h>

#include <source_location>
#include <string>
#include <utility>

namespace stele::cudart {

/// Throws DeviceError unless `code` is cudaSuccess, and clears the runtime's last error. `detail` is said after it.
void check(cudaError_t code, std::string call, std::string detail = {},
           std::source_location where = std::source_location::current());

/// For destructors: says on stderr what failed, and goes on.
void report(cudaError_t code, const char* call) noexcept;

/// Move-only owner of one handle.
template <typename Handle, cudaError_t (*release)(Handle)>
class Owned {
public:
    Owned() = default;
    explicit Owned(Handle handle) : handle_(handle) {}
    Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Owned& operator=(Owned&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Owned() {
        if (handle_) report(release(handle_), "release of a CUDA object");
    }

    Handle get() const { return handle_; }
    explicit operator bool() const { return handle_ != nullptr; }
    /// For calls that return a handle through a pointer; the owner must be empty.
    Handle* out() { return &handle_; }

private:
    Handle handle_ = nullptr;
};

using Stream = Owned<cudaStream_t, cudaStreamDestroy>;
using Event = Owned<cudaEvent_t, cudaEventDestroy>;
using Graph = Owned<cudaGraph_t, cudaGraphDestroy>;
using GraphProgram = Owned<cudaGraphExec_t, cudaGraphExecDestroy>;
using DeviceMemory = Owned<void*, cudaFree>;
using PinnedMemory = Owned<void*, cudaFreeHost>;
using Library = Owned<cudaLibrary_t, cudaLibraryUnload>;

}  // namespace stele::cudart
