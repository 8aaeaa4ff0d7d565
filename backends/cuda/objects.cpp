#include "backends/cuda/objects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>

#include "backends/checks.hpp"
#include "backends/cuda/tensor_map.hpp"
#include "backends/cuda/tiles.hpp"
#include "backends/error.hpp"

namespace stele::cudart {
namespace {

bool is_ptx(const std::string& text) { return text.starts_with("//") && text.find(".version") != std::string::npos; }

// For both a host stub and a cudaKernel_t, which the runtime takes in the same place.
void allow_shared_memory(const void* function, const std::string& name, const DeviceInfo& info) {
    cudaFuncAttributes attributes{};
    check(cudaFuncGetAttributes(&attributes, function), "loading " + name,
          fmt::format("{} is {}; set STELE_CUDA_ARCHITECTURE to it if this binary was built for another", info.name,
                      info.architecture));
    const std::size_t left =
        info.shared_bytes_per_block - std::min(info.shared_bytes_per_block, attributes.sharedSizeBytes);
    check(cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(left)),
          "cudaFuncSetAttribute of " + name);
}

std::unique_ptr<CudaKernel> load_ptx(const KernelSource& source, const DeviceInfo& info) {
    const std::string what = describe(source);
    std::array<char, 8192> log{};
    std::array options{cudaJitErrorLogBuffer, cudaJitErrorLogBufferSizeBytes};
    // The size travels in the pointer itself.
    std::array<void*, 2> values{log.data(), reinterpret_cast<void*>(log.size())};
    const auto begin = std::chrono::steady_clock::now();
    Library library;
    const cudaError_t code = cudaLibraryLoadData(library.out(), source.text.c_str(), options.data(), values.data(),
                                                 static_cast<unsigned>(options.size()), nullptr, nullptr, 0);
    check(code, "cudaLibraryLoadData of " + what, log.data());
    cudaKernel_t kernel = nullptr;
    check(cudaLibraryGetKernel(&kernel, library.get(), source.entry.c_str()), "cudaLibraryGetKernel of " + what);
    const auto* function = reinterpret_cast<const void*>(kernel);
    allow_shared_memory(function, what, info);
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
    return std::make_unique<CudaKernel>(what, std::move(library), function, taken.count());
}

}  // namespace

std::unique_ptr<CudaKernel> load_kernel(const KernelSource& source, const DeviceInfo& info) {
    const std::string what = describe(source);
    switch (source.language) {
        case Language::cuda:
        case Language::ptx:
            if (!source.native.cuda)
                throw DeviceError("load " + what, 0, "", "this build has no such kernel for the GPU");
            allow_shared_memory(source.native.cuda, what, info);
            return std::make_unique<CudaKernel>(what, source.native.cuda);
        case Language::cuda_tile: {
            Library library;
            const cudaKernel_t kernel = load_tile_kernel(source, info, library);
            return std::make_unique<CudaKernel>(what, std::move(library), reinterpret_cast<const void*>(kernel), 0);
        }
        case Language::vendor:
            if (!source.call) throw DeviceError("load " + what, 0, "", "this build has no such function");
            return std::make_unique<CudaKernel>(what, source.call);
        case Language::opencl:
        case Language::opencl_ptx:
            // OpenCL C reaches this backend only as the PTX that a compiler made of it.
            if (is_ptx(source.text)) return load_ptx(source, info);
            break;
        case Language::host:
            break;
    }
    throw_not_spoken(source, info);
}

void CudaKernel::enqueue(cudaStream_t stream, const Launch& launch, const DeviceInfo& info) {
    std::vector<void*> payloads(launch.arguments.size(), nullptr);
    std::deque<TensorMap> maps;
    std::vector<void*> addresses;
    addresses.reserve(launch.arguments.size());
    for (std::size_t i = 0; i < launch.arguments.size(); ++i) {
        if (const auto* map = std::get_if<TensorMapArgument>(&launch.arguments[i])) {
            maps.push_back(encode_tensor_map(map->spec, own_buffer<CudaBuffer>(*map->buffer).payload()));
            addresses.push_back(&maps.back());
            continue;
        }
        Buffer* const* buffer = std::get_if<Buffer*>(&launch.arguments[i]);
        if (!buffer) {
            addresses.push_back(scalar_address(launch.arguments[i]));
            continue;
        }
        if (*buffer) payloads[i] = own_buffer<CudaBuffer>(**buffer).payload();
        // A kernel takes the address of its pointer, a host call the pointer.
        addresses.push_back(call_ ? payloads[i] : static_cast<void*>(&payloads[i]));
    }
    if (call_) {
        call_({stream, addresses});
        return;
    }
    check_launch(launch, info, name_);
    const Dim3 &grid = launch.grid, &block = launch.block;
    cudaLaunchConfig_t config{};
    config.gridDim = dim3(grid.x, grid.y, grid.z);
    config.blockDim = dim3(block.x, block.y, block.z);
    config.dynamicSmemBytes = launch.shared_bytes;
    config.stream = stream;
    cudaLaunchAttribute cluster{};
    cluster.id = cudaLaunchAttributeClusterDimension;
    cluster.val.clusterDim = {launch.cluster.x, launch.cluster.y, launch.cluster.z};
    if (launch.cluster.volume() > 1) {
        config.attrs = &cluster;
        config.numAttrs = 1;
    }
    check(
        cudaLaunchKernelExC(&config, function_, addresses.data()),
        fmt::format("launch of {}, grid {}x{}x{}, block {}x{}x{}, cluster {}x{}x{}, {} bytes of dynamic shared memory",
                    name_, grid.x, grid.y, grid.z, block.x, block.y, block.z, launch.cluster.x, launch.cluster.y,
                    launch.cluster.z, launch.shared_bytes));
}

}  // namespace stele::cudart
