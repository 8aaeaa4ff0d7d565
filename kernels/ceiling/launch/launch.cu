// ceiling / launch — CUDA C++; siblings: launch.ptx.cu, launch.cl
//
// done[index] = first[0] + index by one thread: the least whose launch is proven.
#include "kernels/common/half.cuh"

namespace stele::ceiling::cuda {

template <typename T>
__global__ void __launch_bounds__(1) ceiling_launch(const T* __restrict__ first, T* __restrict__ done, int index) {
    // -- store
    done[index] = first[0] + index;
}

std::vector<NativeInstance> ceiling_launch() {
    NativeList list;
    list.add<ceiling_launch<int>>("ceiling_launch", "i32");
    return std::move(list);
}

}  // namespace stele::ceiling::cuda
