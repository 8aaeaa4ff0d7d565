// What the device simt:0 of stele_faults runs.
#include "kernels/common/native.cuh"

namespace stele::cuda {

__global__ void right(const float* x, float* y, long long count) {
    if (threadIdx.x < count) y[threadIdx.x] = 2 * x[threadIdx.x];
}

__global__ void endless(const float* x, float* y, long long count) {
    for (volatile float* out = y; count > 0;) out[threadIdx.x] = 3 * x[threadIdx.x];
}

/// Half of the threads never come.
__global__ void endless_barrier(const float* x, float* y, long long count) {
    if (threadIdx.x % 2 == 0)
        for (volatile float* out = y; count > 0;) out[threadIdx.x] = 3 * x[threadIdx.x];
    __syncthreads();
    y[threadIdx.x] = 2 * x[threadIdx.x];
}

std::vector<NativeInstance> contained_kernels() {
    NativeList list;
    list.add<right>("right", "");
    list.add<endless>("endless", "");
    list.add<endless_barrier>("endless_barrier", "");
    return std::move(list);
}

}  // namespace stele::cuda
