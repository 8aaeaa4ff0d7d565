#include "backends/cuda/info.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "backends/cuda/calibration.cuh"
#include "backends/cuda/handle.hpp"
#include "backends/cuda/nvml.hpp"
#include "backends/cuda/tiles.hpp"
#include "backends/error.hpp"
#include "backends/loaded_library.hpp"

namespace stele::cudart {
namespace {

std::string version_text(int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); }

std::string why_none(cudaError_t code) {
    const std::string said = fmt::format("{} ({})", cudaGetErrorName(code), static_cast<int>(code));
    switch (code) {
        case cudaErrorInsufficientDriver: {
            int driver = 0, runtime = 0;
            cudaDriverGetVersion(&driver);
            cudaRuntimeGetVersion(&runtime);
            if (driver == 0) {
                // The runtime says the same of a driver that is there and does not load.
                const LoadedLibrary library = load_library("libcuda.so.1");
                if (!library.handle && library.is_there)
                    return fmt::format("the NVIDIA driver's library does not load: {}", library.complaint);
                return fmt::format("no NVIDIA driver is installed: {}. The GPU's driver brings libcuda.so.1", said);
            }
            return fmt::format(
                "the NVIDIA driver is for CUDA {}, this binary for {}: {}. Install a newer driver, or build "
                "with that toolkit",
                version_text(driver), version_text(runtime), said);
        }
        case cudaErrorStubLibrary:
            return fmt::format(
                "libcuda.so.1 is the toolkit's stub and no driver: {}. Take the stubs folder out of "
                "LD_LIBRARY_PATH",
                said);
        case cudaErrorNoDevice:
            if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES"))
                return fmt::format("the driver sees no NVIDIA GPU with CUDA_VISIBLE_DEVICES={}: {}", visible, said);
            return fmt::format("the driver sees no NVIDIA GPU: {}. See nvidia-smi", said);
        default:
            return fmt::format("the CUDA runtime did not start: {}, {}", said, cudaGetErrorString(code));
    }
}

int attribute(cudaDeviceAttr key, int device) {
    int value = 0;
    check(cudaDeviceGetAttribute(&value, key, device), fmt::format("cudaDeviceGetAttribute {}", static_cast<int>(key)));
    return value;
}

/// "clusters of 2: 66 at a time"; nothing of sizes that the device refuses.
std::vector<std::string> cluster_features(int device, const DeviceInfo& info) {
    check(cudaSetDevice(device), "cudaSetDevice " + info.id);
    std::vector<std::string> out;
    for (const int blocks : {2, 4, 8}) {
        int clusters = 0;
        if (clusters_at_a_time(blocks, info.shared_bytes_per_block, &clusters) == cudaSuccess)
            out.push_back(fmt::format("clusters of {}: {} at a time", blocks, clusters));
        else
            cudaGetLastError();
    }
    return out;
}

DeviceInfo describe(int device) {
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
    int driver = 0, runtime = 0;
    check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
    check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");

    DeviceInfo info;
    info.id = fmt::format("cuda:{}", device);
    info.backend = "cuda";
    info.name = properties.name;
    info.vendor = "NVIDIA";
    info.platform = "CUDA";
    const std::string release = Nvml().driver_version();
    info.driver = fmt::format("driver {}for CUDA {}, runtime {}", release.empty() ? "" : release + " ",
                              version_text(driver), version_text(runtime));
    info.compute_capability = 10 * properties.major + properties.minor;
    info.architecture = fmt::format("sm_{}", info.compute_capability);
    info.compute_units = properties.multiProcessorCount;
    info.warp_size = properties.warpSize;
    info.max_threads_per_block = properties.maxThreadsPerBlock;
    info.global_bytes = properties.totalGlobalMem;
    info.max_allocation_bytes = properties.totalGlobalMem;
    info.cache_bytes = static_cast<std::size_t>(properties.l2CacheSize);
    info.shared_bytes_per_block = properties.sharedMemPerBlockOptin;
    // What CUDA promises for event times: "a resolution of around 0.5 microseconds" (cudaEventElapsedTime).
    info.timer_resolution_ns = 500;
    info.features = {"f64", "subgroups"};
    if (info.compute_capability >= 53) info.features.emplace_back("f16");
    if (info.compute_capability >= 80) info.features.emplace_back("bf16");
    if (attribute(cudaDevAttrClusterLaunch, device)) {
        info.features.emplace_back("clusters");
        for (std::string& told : cluster_features(device, info)) info.features.push_back(std::move(told));
    }
    info.languages = {Language::cuda, Language::ptx, Language::opencl, Language::opencl_ptx, Language::vendor};
    if (std::string why = why_no_tiles(info, driver); why.empty())
        info.languages.push_back(Language::cuda_tile);
    else
        info.unspoken.emplace_back(Language::cuda_tile, std::move(why));
    info.opencl_as_ptx = true;
    info.host_queue = HostQueue::cuda_stream;
    return info;
}

}  // namespace

Found find_devices() {
    Found found;
    int count = 0;
    const cudaError_t code = cudaGetDeviceCount(&count);
    if (code != cudaSuccess) {
        cudaGetLastError();
        found.why_none = why_none(code);
        return found;
    }
    try {
        for (int device = 0; device < count; ++device) found.devices.push_back(describe(device));
    } catch (const DeviceError& error) {
        found.devices.clear();
        found.why_none = error.what();
    }
    if (found.devices.empty() && found.why_none.empty()) found.why_none = why_none(cudaErrorNoDevice);
    return found;
}

}  // namespace stele::cudart
