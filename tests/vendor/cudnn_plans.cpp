// The graphs of attention/vendor.cudnn against the real cuDNN, for an H200 that is not here: from 9.8 on its heuristics
// can be asked about a device that is described to them. That they propose engines means that the library has
// recognised the graph as attention, and has machine code for it. What nobody can see without a GPU is what that
// computes.
//
// A program of its own, as it loads the toolkit's stub of the driver where there is no driver.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "backends/library.hpp"
#include "kernels/attention/operation.hpp"
#include "kernels/attention/vendor/cudnn_attention.hpp"

namespace stele::attention::cudnn_plans_test {
namespace {

constexpr std::size_t described_devices_since = 90800;

/// The members that 9.8 to 9.28 ask for. Clocks in kHz.
constexpr std::string_view h200 =
    R"({"deviceName":"NVIDIA H200","cudaDeviceId":0,"deviceVer":900,"driverVer":13000,"multiProcessorCount":132,)"
    R"("smCountOrigin":0,"warpSize":32,"maxGridSize":[2147483647,65535,65535],"maxBlockSize":[1024,1024,64],)"
    R"("regsPerBlock":65536,"maxRegistersPerSM":65536,"maxThreadsPerBlock":1024,"maxThreadsPerSM":2048,)"
    R"("maxCtasPerSM":32,"maxSharedMemoryPerBlock":49152,"maxSharedMemoryPerBlockOptin":232448,)"
    R"("oversizedSharedMemoryPerBlock":0,"reservedSharedMemoryPerBlock":1024,"isTccDriver":0,"supportCoopLaunch":1,)"
    R"("smClockRateKHz":1980000,"memClockRateKHz":3201000,"memoryBusWidth":6144,"l2CacheSize":62914560,)"
    R"("pciDeviceId":0,"totalGlobalMem":150000000000})";

/// Loads the driver, or a stub under its name that answers every call with an error.
bool has_driver_or_stub() {
    if (dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL)) return true;
    for (const LibraryFolder& folder : library_folders())
        if (!folder.path.empty() && dlopen((folder.path / "stubs/libcuda.so").c_str(), RTLD_NOW | RTLD_GLOBAL))
            return true;
    return false;
}

TEST(CudnnPlans, EnginesAreProposedForEveryKindOfProblem) {
    const cudnn::Cudnn& library = cudnn::loaded_cudnn();
    if (!library.library.loaded()) GTEST_SKIP() << library.library.why_not();
    if (library.version_number() < described_devices_since)
        GTEST_SKIP() << "cuDNN " << library.version_text() << " knows only devices that are here";
    if (!has_driver_or_stub()) GTEST_SKIP() << "neither NVIDIA's driver nor the CUDA toolkit's stub of it is here";
    cudnn::Descriptor device(library, cudnn::DescriptorType::device_properties, "device");
    device.set(cudnn::Attribute::device_text, std::span<const char>(h200));
    device.finalize();
    const auto operation = make_operation();
    for (const char* text : {
             "batch=1 heads=64 kv_heads=8 seq_q=4096 seq_k=4096 head_dim=128 bf16",
             "batch=1 heads=64 kv_heads=8 seq_q=4096 seq_k=4096 head_dim=128 bf16 causal",
             "batch=2 heads=6 kv_heads=2 seq_q=7 seq_k=37 head_dim=64 f16 causal",
             "batch=32 heads=64 kv_heads=8 seq_q=1 seq_k=4096 head_dim=128 bf16",
             "batch=32 heads=64 kv_heads=8 seq_q=1 seq_k=4096 head_dim=128 bf16 page=64",
             "batch=3 heads=4 kv_heads=2 seq_q=40 seq_k=40 head_dim=128 bf16 causal lengths=40,5,9",
             "batch=3 heads=4 kv_heads=2 seq_q=1 seq_k=400 head_dim=64 f16 page=16 lengths=40,400,9",
             "batch=2 heads=6 kv_heads=2 seq_q=7 seq_k=37 head_dim=256 f16 causal",
             "batch=1 heads=64 kv_heads=8 seq_q=4096 seq_k=4096 head_dim=128 bf16 causal window=1000",
             "batch=32 heads=64 kv_heads=8 seq_q=1 seq_k=4096 head_dim=128 bf16 causal window=1000",
             "batch=3 heads=4 kv_heads=2 seq_q=9 seq_k=400 head_dim=64 f16 causal window=31 page=16 lengths=40,400,9",
         }) {
        const CudnnGraph graph(library, nullptr, shape_of(*operation->parse(text)));
        EXPECT_FALSE(graph.configurations(&device).empty()) << text;
    }
}

}  // namespace
}  // namespace stele::attention::cudnn_plans_test
