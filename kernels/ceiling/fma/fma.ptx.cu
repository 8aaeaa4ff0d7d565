// ceiling / fma — CUDA C++ with PTX; siblings: fma.cu, fma.cl
//
// C[block] = 16 · iterations · a bᵀ in f32, every product a fused multiply-add on registers. A block owns 64 × 256 of
// C, a thread 8 × 16.
#include "kernels/common/half.cuh"
#include "kernels/common/ptx/math.cuh"

namespace stele::ceiling::ptx {

using namespace stele::ptx;

template <typename T>
__global__ void __launch_bounds__(128, 1) ceiling_fma(const T* __restrict__ a,  // [64]
                                                      const T* __restrict__ b,  // [256]
                                                      float* __restrict__ C,    // [blocks,64,256]
                                                      int iterations) {
    constexpr int THREAD_M = 8, THREAD_N = 16, DEPTH = 16, UNROLL = 4;
    float acc[THREAD_M][THREAD_N] = {};

    // -- place
    const int row = threadIdx.x / 16 * THREAD_M, col = threadIdx.x % 16 * THREAD_N;

    // -- load
    float left[THREAD_M], right[THREAD_N];
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i) left[i] = a[row + i];
#pragma unroll
    for (int j = 0; j < THREAD_N; ++j) right[j] = b[col + j];

    // -- multiply
#pragma unroll 1
    for (int step = 0; step < iterations * (DEPTH / UNROLL); ++step)
#pragma unroll
        for (int k = 0; k < UNROLL; ++k)
#pragma unroll
            for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
                for (int j = 0; j < THREAD_N; ++j) acc[i][j] = fma_rn_f32(left[i], right[j], acc[i][j]);

    // -- store
    // One by one, as in fma.cu.
    float* c = C + static_cast<long long>(blockIdx.x) * 64 * 256;
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
        for (int j = 0; j < THREAD_N; ++j) c[(row + i) * 256 + col + j] = acc[i][j];
}

std::vector<NativeInstance> ceiling_fma() {
    NativeList list;
    list.add<ceiling_fma<float>>("ceiling_fma", "f32");
    return std::move(list);
}

}  // namespace stele::ceiling::ptx
