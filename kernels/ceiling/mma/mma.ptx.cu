// ceiling / mma — CUDA C++ with PTX
//
// C[block] = 16 · iterations · a bᵀ, an iteration one mma.sync m16n8k16 for each 16 × 8 of C, on registers. A block
// owns 64 × 256 of C, a warp 16 × 256.
#include "kernels/common/half.cuh"
#include "kernels/common/ptx/memory.cuh"
#include "kernels/common/ptx/mma.cuh"

namespace stele::ceiling::ptx {

using namespace stele::ptx;

template <typename T>
__device__ __forceinline__ void mma(float (&acc)[4], const std::uint32_t (&left)[4], const std::uint32_t (&right)[2]) {
    if constexpr (std::is_same_v<T, half>)
        mma_m16n8k16_f16_f32(acc, left, right, acc);
    else
        mma_m16n8k16_bf16_f32(acc, left, right, acc);
}

/// A number in both halves of a register: all k of a row or column are alike.
template <typename T>
__device__ __forceinline__ std::uint32_t twice(T number) {
    return same_bits<std::uint16_t>(number) * 0x10001u;
}

template <typename T>
__global__ void __launch_bounds__(128, 1) ceiling_mma(const T* __restrict__ a,  // [64]
                                                      const T* __restrict__ b,  // [256]
                                                      float* __restrict__ C,    // [blocks,64,256]
                                                      int iterations) {
    constexpr int TILES = 256 / 8;
    // Through shared memory, so that both registers of a column are there for the instruction, and not one moved twice.
    alignas(8) __shared__ std::uint32_t cols[256][2];
    float acc[TILES][4] = {};

    // -- place
    const int lane = threadIdx.x % 32, row = threadIdx.x / 32 * 16 + lane / 4;

    // -- load
    std::uint32_t left[4], right[TILES][2];
#pragma unroll
    for (int r = 0; r < 4; ++r) left[r] = twice(a[row + r % 2 * 8]);
    for (int i = threadIdx.x; i < 256; i += 128) cols[i][0] = cols[i][1] = twice(b[i]);
    __syncthreads();
#pragma unroll
    for (int j = 0; j < TILES; ++j) {
        const uint2 pair = ld_shared_v2_b32(cols[j * 8 + lane / 4]);
        right[j][0] = pair.x;
        right[j][1] = pair.y;
    }

    // -- multiply
#pragma unroll 1
    for (int step = 0; step < iterations; ++step)
#pragma unroll
        for (int j = 0; j < TILES; ++j) mma<T>(acc[j], left, right[j]);

    // -- store
    float* c = C + (static_cast<long long>(blockIdx.x) * 64 + row) * 256 + lane % 4 * 2;
#pragma unroll
    for (int j = 0; j < TILES; ++j)
#pragma unroll
        for (int i = 0; i < 4; ++i) c[i / 2 * 8 * 256 + j * 8 + i % 2] = acc[j][i];
}

std::vector<NativeInstance> ceiling_mma() {
    NativeList list;
    list.add<ceiling_mma<half>>("ceiling_mma", "f16");
    list.add<ceiling_mma<bf16>>("ceiling_mma", "bf16");
    return std::move(list);
}

}  // namespace stele::ceiling::ptx
