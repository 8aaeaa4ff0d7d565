#include "backends/cuda/calibration.cuh"

namespace stele::cudart {
namespace {

__global__ void clock_chain_kernel(float* out, int operations) {
    // Not the fixed point 1, where a compiler could see that nothing changes.
    float value = 2.0f;
    for (int i = 0; i < operations; ++i) value = fmaf(value, 0.999f, 0.001f);
    out[0] = value;
}

__global__ void gate_kernel(volatile GateState* state, long long cycles) {
    const long long begin = clock64();
    while (state->open == 0) {
        if (clock64() - begin > cycles) {
            state->timed_out = 1;
            return;
        }
    }
}

__global__ void evict_kernel(uint4* buffer, std::size_t count, unsigned value) {
    const std::size_t threads = std::size_t{gridDim.x} * blockDim.x;
    for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += threads)
        buffer[i] = make_uint4(value, value, value, value);
}

__global__ void __launch_bounds__(384, 1) whole_multiprocessor_kernel(unsigned* out) {
    extern __shared__ unsigned words[];
    words[threadIdx.x] = threadIdx.x;
    out[blockIdx.x] = words[threadIdx.x];
}

}  // namespace

const void* clock_chain() { return reinterpret_cast<const void*>(&clock_chain_kernel); }

cudaError_t launch_gate(GateState* state, long long cycles, cudaStream_t stream) {
    gate_kernel<<<1, 1, 0, stream>>>(state, cycles);
    return cudaGetLastError();
}

cudaError_t launch_evict(void* buffer, std::size_t bytes, unsigned value, cudaStream_t stream) {
    evict_kernel<<<1024, 256, 0, stream>>>(static_cast<uint4*>(buffer), bytes / sizeof(uint4), value);
    return cudaGetLastError();
}

cudaError_t clusters_at_a_time(int blocks, std::size_t shared_bytes, int* clusters) {
    const cudaError_t allowed = cudaFuncSetAttribute(
        whole_multiprocessor_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes));
    if (allowed != cudaSuccess) return allowed;
    cudaLaunchAttribute cluster{};
    cluster.id = cudaLaunchAttributeClusterDimension;
    cluster.val.clusterDim = {static_cast<unsigned>(blocks), 1, 1};
    cudaLaunchConfig_t config{};
    config.gridDim = dim3(static_cast<unsigned>(blocks));
    config.blockDim = dim3(384);
    config.dynamicSmemBytes = shared_bytes;
    config.attrs = &cluster;
    config.numAttrs = 1;
    return cudaOccupancyMaxActiveClusters(clusters, whole_multiprocessor_kernel, &config);
}

}  // namespace stele::cudart
