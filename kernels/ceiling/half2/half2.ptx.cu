// ceiling / half2 — CUDA C++ with PTX; sibling: half2.cu
//
// C[block] = 16 · iterations · a bᵀ in f16, two products in one instruction on registers. A block owns 64 × 256 of C, a
// thread 8 × 16. Every 128 iterations, 2048 products, which f16 still counts exactly, f32 takes over.
#include "kernels/common/half.cuh"
#include "kernels/common/ptx/math.cuh"

namespace stele::ceiling::ptx {

using namespace stele::ptx;

template <typename T>
__global__ void __launch_bounds__(128, 1) ceiling_half2(const T* __restrict__ a,  // [64]
                                                        const T* __restrict__ b,  // [256]
                                                        float* __restrict__ C,    // [blocks,64,256]
                                                        int iterations) {
    constexpr int THREAD_M = 8, THREAD_N = 16, DEPTH = 16, UNROLL = 8, PROMOTE_EVERY = 128;
    std::uint32_t acc[THREAD_M][THREAD_N / 2];
    float sum[THREAD_M][THREAD_N] = {};

    // -- place
    const int row = threadIdx.x / 16 * THREAD_M, col = threadIdx.x % 16 * THREAD_N;

    // -- load
    std::uint32_t left[THREAD_M], right[THREAD_N / 2];
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i) left[i] = same_bits<std::uint32_t>(__half2half2(a[row + i]));
#pragma unroll
    for (int j = 0; j < THREAD_N / 2; ++j)
        right[j] = same_bits<std::uint32_t>(__halves2half2(b[col + 2 * j], b[col + 2 * j + 1]));

    // -- multiply
#pragma unroll 1
    for (int done = 0; done < iterations; done += PROMOTE_EVERY) {
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
            for (int j = 0; j < THREAD_N / 2; ++j) acc[i][j] = 0;
        const int steps = min(PROMOTE_EVERY, iterations - done) * (DEPTH / UNROLL);
#pragma unroll 1
        for (int step = 0; step < steps; ++step)
#pragma unroll
            for (int k = 0; k < UNROLL; ++k)
#pragma unroll
                for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
                    for (int j = 0; j < THREAD_N / 2; ++j) acc[i][j] = fma_rn_f16x2(left[i], right[j], acc[i][j]);
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
            for (int j = 0; j < THREAD_N; j += 2) {
                const float2 two = __half22float2(same_bits<__half2>(acc[i][j / 2]));
                sum[i][j] += two.x;
                sum[i][j + 1] += two.y;
            }
    }

    // -- store
    float* c = C + static_cast<long long>(blockIdx.x) * 64 * 256;
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
        for (int j = 0; j < THREAD_N; j += 4)
            store4(c + (row + i) * 256 + col + j, make_float4(sum[i][j], sum[i][j + 1], sum[i][j + 2], sum[i][j + 3]));
}

std::vector<NativeInstance> ceiling_half2() {
    NativeList list;
    list.add<ceiling_half2<half>>("ceiling_half2", "f16");
    return std::move(list);
}

}  // namespace stele::ceiling::ptx
