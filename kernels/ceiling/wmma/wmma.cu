// ceiling / wmma — CUDA C++
//
// C[block] = 16 · iterations · a bᵀ, an iteration one wmma of 16 × 16 × 16 for each 16 × 16 of C, on registers. A block
// owns 64 × 256 of C, a warp 32 × 128: more columns a warp, and its fragments would not fit into registers.
#include <mma.h>

#include "kernels/common/half.cuh"

namespace stele::ceiling::cuda {

template <typename T>
__global__ void __launch_bounds__(128, 1) ceiling_wmma(const T* __restrict__ a,  // [64]
                                                       const T* __restrict__ b,  // [256]
                                                       float* __restrict__ C,    // [blocks,64,256]
                                                       int iterations) {
    using namespace nvcuda;
    constexpr int TILES_M = 2, TILES_N = 8;
    alignas(32) __shared__ T rows[64 * 16], cols[16 * 256];
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> acc[TILES_M][TILES_N];
    wmma::fragment<wmma::matrix_a, 16, 16, 16, T, wmma::row_major> left[TILES_M];
    wmma::fragment<wmma::matrix_b, 16, 16, 16, T, wmma::row_major> right[TILES_N];

    // -- place
    const int thread = threadIdx.x, warp = thread / 32, row = warp / 2 * 32, col = warp % 2 * 128;

    // -- load
    for (int i = thread; i < 64 * 16; i += 128) rows[i] = a[i / 16];
    for (int i = thread; i < 16 * 256; i += 128) cols[i] = b[i % 256];
    __syncthreads();
#pragma unroll
    for (int i = 0; i < TILES_M; ++i) wmma::load_matrix_sync(left[i], rows + (row + i * 16) * 16, 16);
#pragma unroll
    for (int j = 0; j < TILES_N; ++j) wmma::load_matrix_sync(right[j], cols + col + j * 16, 256);
#pragma unroll
    for (int i = 0; i < TILES_M; ++i)
#pragma unroll
        for (int j = 0; j < TILES_N; ++j) wmma::fill_fragment(acc[i][j], 0.0f);

    // -- multiply
#pragma unroll 1
    for (int step = 0; step < iterations; ++step)
#pragma unroll
        for (int i = 0; i < TILES_M; ++i)
#pragma unroll
            for (int j = 0; j < TILES_N; ++j) wmma::mma_sync(acc[i][j], left[i], right[j], acc[i][j]);

    // -- store
    float* c = C + (static_cast<long long>(blockIdx.x) * 64 + row) * 256 + col;
#pragma unroll
    for (int i = 0; i < TILES_M; ++i)
#pragma unroll
        for (int j = 0; j < TILES_N; ++j)
            wmma::store_matrix_sync(c + i * 16 * 256 + j * 16, acc[i][j], 256, wmma::mem_row_major);
}

std::vector<NativeInstance> ceiling_wmma() {
    NativeList list;
    list.add<ceiling_wmma<half>>("ceiling_wmma", "f16");
    list.add<ceiling_wmma<bf16>>("ceiling_wmma", "bf16");
    return std::move(list);
}

}  // namespace stele::ceiling::cuda
