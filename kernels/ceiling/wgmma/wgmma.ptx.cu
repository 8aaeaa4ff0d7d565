// ceiling / wgmma — CUDA C++ with PTX
//
// C[block] = 16 · iterations · a bᵀ, an iteration one wgmma of 64 × 256 × 16 with both operands in shared memory, which
// nobody copies or changes. A block is one warpgroup.
#include "kernels/common/half.cuh"
#include "kernels/common/ptx/fence.cuh"
#include "kernels/common/ptx/wgmma_f32.cuh"
#include "kernels/common/shared.cuh"

namespace stele::ceiling::ptx {

using namespace stele::ptx;

template <typename T>
__global__ void __launch_bounds__(128, 1) ceiling_wgmma(const T* __restrict__ a,  // [64]
                                                        const T* __restrict__ b,  // [256]
                                                        float* __restrict__ C,    // [blocks,64,256]
                                                        int iterations) {
    constexpr int BLOCK_M = 64, BLOCK_N = 256, DEPTH = 16;
    constexpr Element element = std::is_same_v<T, half> ? Element::f16 : Element::bf16;
    // Without a swizzle: eight k of eight rows are 128 bytes, the next eight rows follow, then the next eight k.
    T* tile_a = dynamic_shared<T>();
    T* tile_b = tile_a + BLOCK_M * DEPTH;
    float acc[BLOCK_N / 2] = {};

    // -- place
    const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32;

    // -- load
    for (int i = thread; i < BLOCK_M * DEPTH; i += 128) tile_a[i] = a[i / 8 % BLOCK_M];
    for (int i = thread; i < BLOCK_N * DEPTH; i += 128) tile_b[i] = b[i / 8 % BLOCK_N];
    fence_proxy_async();
    __syncthreads();
    const std::uint64_t left = wgmma_descriptor(tile_a, BLOCK_M * 16, 128, Swizzle::none);
    const std::uint64_t right = wgmma_descriptor(tile_b, BLOCK_N * 16, 128, Swizzle::none);

    // -- multiply
#pragma unroll 1
    for (int step = 0; step < iterations; ++step) {
        wgmma_fence();
        wgmma<element>(acc, left, right, true);
        wgmma_commit_group();
        wgmma_wait_group<1>();
    }
    wgmma_wait_group<0>();

    // -- store
    float* c = C + (static_cast<long long>(blockIdx.x) * BLOCK_M + warp * 16 + lane / 4) * BLOCK_N + lane % 4 * 2;
#pragma unroll
    for (int i = 0; i < BLOCK_N / 2; ++i) c[i / 2 % 2 * 8 * BLOCK_N + i / 4 * 8 + i % 2] = acc[i];
}

std::vector<NativeInstance> ceiling_wgmma() {
    NativeList list;
    list.add<ceiling_wgmma<half>>("ceiling_wgmma", "f16");
    list.add<ceiling_wgmma<bf16>>("ceiling_wgmma", "bf16");
    return std::move(list);
}

}  // namespace stele::ceiling::ptx
