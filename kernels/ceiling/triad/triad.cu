// ceiling / triad — CUDA C++; sibling: triad.cl
//
// to[i] = b[i] + 3 c[i] in f32, four at once, by all threads side by side.
#include "kernels/common/half.cuh"

namespace stele::ceiling::cuda {

template <typename T>
__global__ void __launch_bounds__(128)
    ceiling_triad(const T* __restrict__ b, const T* __restrict__ c, T* __restrict__ to, long long pieces) {
    // -- place
    const long long threads = static_cast<long long>(gridDim.x) * blockDim.x;

    // -- load, store
#pragma unroll 4
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < pieces; i += threads) {
        const T left = b[i], right = c[i];
        to[i] = {left.x + 3.0f * right.x, left.y + 3.0f * right.y, left.z + 3.0f * right.z, left.w + 3.0f * right.w};
    }
}

std::vector<NativeInstance> ceiling_triad() {
    NativeList list;
    list.add<ceiling_triad<float4>>("ceiling_triad", "f32");
    return std::move(list);
}

}  // namespace stele::ceiling::cuda
