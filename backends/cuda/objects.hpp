// The CUDA backend's buffers and kernels.
#pragma once

#include <string>
#include <vector>

#include "backends/backend.hpp"
#include "backends/cuda/handle.hpp"

namespace stele::cudart {

class CudaBuffer final : public Buffer {
public:
    CudaBuffer(std::size_t bytes, DeviceMemory memory) : Buffer(bytes), memory_(std::move(memory)) {}
    std::byte* payload() const { return static_cast<std::byte*>(memory_.get()) + guard_bytes; }

private:
    DeviceMemory memory_;
};

/// A kernel of this binary, one from PTX text or a file of machine code, or a host call on the device's stream.
class CudaKernel final : public Kernel {
public:
    CudaKernel(std::string name, const void* function) : name_(std::move(name)), function_(function) {}
    CudaKernel(std::string name, HostCall call) : name_(std::move(name)), call_(std::move(call)) {}
    CudaKernel(std::string name, Library library, const void* function, double build_nanoseconds)
        : name_(std::move(name)), library_(std::move(library)), function_(function) {
        build_nanoseconds_ = build_nanoseconds;
    }

    const std::string& name() const { return name_; }
    void enqueue(cudaStream_t stream, const Launch& launch, const DeviceInfo& info);

private:
    std::string name_;
    Library library_;
    const void* function_ = nullptr;  ///< host stub, or a cudaKernel_t
    HostCall call_;
};

/// The source's kernel, with all the dynamic shared memory allowed that the device has left beside its static share.
/// Loads it now: a lazy load at the first launch would fall into a timed window.
std::unique_ptr<CudaKernel> load_kernel(const KernelSource& source, const DeviceInfo& info);

}  // namespace stele::cudart
