// ceiling / launch — CUDA C++ with PTX; siblings: launch.cu, launch.cl
//
// done[index] = first[0] + index by one thread: the least whose launch is proven.
#include "kernels/common/half.cuh"
#include "kernels/common/ptx/memory.cuh"

namespace stele::ceiling::ptx {

using namespace stele::ptx;

template <typename T>
__global__ void __launch_bounds__(1) ceiling_launch(const T* __restrict__ first, T* __restrict__ done, int index) {
    // -- store
    st_global_cs_b32(done + index, ld_global_nc_b32(first) + static_cast<std::uint32_t>(index));
}

std::vector<NativeInstance> ceiling_launch() {
    NativeList list;
    list.add<ceiling_launch<int>>("ceiling_launch", "i32");
    return std::move(list);
}

}  // namespace stele::ceiling::ptx
