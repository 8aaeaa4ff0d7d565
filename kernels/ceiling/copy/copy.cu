// ceiling / copy — CUDA C++; sibling: copy.cl
//
// to[i] = from[i] in pieces of 16 bytes, by all threads side by side.
#include "kernels/common/half.cuh"

namespace stele::ceiling::cuda {

template <typename T>
__global__ void __launch_bounds__(128) ceiling_copy(const T* __restrict__ from, T* __restrict__ to, long long pieces) {
    // -- place
    const long long threads = static_cast<long long>(gridDim.x) * blockDim.x;

    // -- load, store
#pragma unroll 4
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < pieces; i += threads)
        to[i] = from[i];
}

std::vector<NativeInstance> ceiling_copy() {
    NativeList list;
    list.add<ceiling_copy<uint4>>("ceiling_copy", "u8");
    return std::move(list);
}

}  // namespace stele::ceiling::cuda
