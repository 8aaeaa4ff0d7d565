// One kernel for each way in which shared memory goes to global memory by the asynchronous proxy alone: plain stores
// fill the shared memory, so nothing but the store can be wrong. tests/support/ptx_store_calls.hpp says what each
// leaves.
#include "kernels/common/native.cuh"
#include "kernels/common/ptx/bulk.cuh"
#include "kernels/common/ptx/fence.cuh"
#include "kernels/common/ptx/tma.cuh"
#include "kernels/common/shared.cuh"

namespace stele::ptx {

/// `count` floats, block after block: 1, 2, 3, … Returns them where asynchronous stores may read them.
__device__ __forceinline__ float* counted_floats(int count) {
    float* line = dynamic_shared<float>();
    const int block = static_cast<int>(blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z));
    for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x))
        line[i] = static_cast<float>(block * count + i + 1);
    fence_proxy_async_shared();
    __syncthreads();
    return line;
}

/// Each block stores one box of box_x x box_y (x 1 x 1); what lies outside the tensor is not written.
template <int rank>
__global__ void tma_store(const __grid_constant__ TensorMap to, int box_x, int box_y) {
    const float* box = counted_floats(box_x * box_y);
    if (threadIdx.x != 0) return;
    const int x = static_cast<int>(blockIdx.x) * box_x, y = static_cast<int>(blockIdx.y) * box_y;
    const int z = static_cast<int>(blockIdx.z);
    if constexpr (rank == 2) tma_store_2d(to, box, x, y);
    if constexpr (rank == 3) tma_store_3d(to, box, x, y, z);
    if constexpr (rank == 4) tma_store_4d(to, box, x, y, z, 1);
    bulk_commit_group();
    bulk_wait_group<0>();
}

/// Each block stores `count` floats behind those of the block before.
__global__ void bulk_store_lines(float* out, int count) {
    const float* line = counted_floats(count);
    if (threadIdx.x != 0) return;
    bulk_store(out + static_cast<int>(blockIdx.x) * count, line, count * 4);
    bulk_commit_group();
    bulk_wait_group<0>();
}

/// All blocks add their `count` floats to the same ones.
__global__ void bulk_reduce_lines(float* sum, int count) {
    const float* line = counted_floats(count);
    if (threadIdx.x != 0) return;
    bulk_reduce_add_f32(sum, line, count * 4);
    bulk_commit_group();
    bulk_wait_group<0>();
}

std::vector<NativeInstance> ptx_stores() {
    NativeList list;
    list.add<&tma_store<2>>("tma_store", "2d");
    list.add<&tma_store<3>>("tma_store", "3d");
    list.add<&tma_store<4>>("tma_store", "4d");
    list.add<&bulk_store_lines>("bulk_store_lines", "");
    list.add<&bulk_reduce_lines>("bulk_reduce_lines", "");
    return std::move(list);
}

}  // namespace stele::ptx
