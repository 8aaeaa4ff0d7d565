// Two GEMMs written with ptx/ as a kernel would be, each of which can be built with one thing left out or wrong.
#pragma once

#include <cstdint>

#include "kernels/common/native.cuh"
#include "kernels/common/ptx/barrier.cuh"
#include "kernels/common/ptx/cp_async.cuh"
#include "kernels/common/ptx/fence.cuh"
#include "kernels/common/ptx/ldmatrix.cuh"
#include "kernels/common/ptx/mbarrier.cuh"
#include "kernels/common/ptx/mma.cuh"
#include "kernels/common/ptx/registers.cuh"
#include "kernels/common/ptx/tma.cuh"
#include "kernels/common/ptx/wgmma_s32.cuh"
#include "kernels/common/shared.cuh"

namespace stele::ptx {

/// What is wrong with a kernel.
enum class Flaw {
    none,
    wrong_group,          ///< cp.async: waits for one group less
    misaligned_ldmatrix,  ///< rows at multiples of 8 bytes
    dropped_wait,         ///< consumers do not wait for full[stage]
    dropped_init_fence,   ///< mbarriers are initialised without a fence
    many_arrivals,        ///< every consumer thread arrives where one of each warpgroup is counted
    more_bytes,           ///< the producer expects more than the copies bring
    misaligned_tma,       ///< a tile at a multiple of 64 bytes
    misaligned_wgmma,     ///< tiles off the swizzle's pattern
    dropped_fence,        ///< no wgmma.fence
    dropped_result_wait,  ///< accumulators are read without wgmma.wait_group
    early_release,        ///< a stage is given back before its wgmmas are done
};

/// C[M,N] = A[M,K] B[N,K]ᵀ, K a multiple of 8, by cp.async, ldmatrix and mma.sync. 128 threads, a 64 x 64 tile, each
/// warp 32 x 32; three stages of 32 of K, rows padded to 80 bytes.
template <Flaw flaw>
__global__ void __launch_bounds__(128)
    ampere_gemm(const half* __restrict__ a, const half* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    constexpr int BLOCK = 64, BLOCK_K = 32, PITCH = 40, STAGES = 3, TILE = BLOCK * PITCH;
    half* tile_a = dynamic_shared<half>();
    half* tile_b = tile_a + STAGES * TILE;
    const int thread = static_cast<int>(threadIdx.x), warp = thread / 32, lane = thread % 32;
    const int block_row = static_cast<int>(blockIdx.y) * BLOCK, block_col = static_cast<int>(blockIdx.x) * BLOCK;
    const int warp_row = warp / 2 * 32, warp_col = warp % 2 * 32;
    const int steps = (k + BLOCK_K - 1) / BLOCK_K;
    float acc[2][4][4] = {};

    const auto load_tile = [&](half* tile, const half* matrix, int first_row, int rows, int first_k) {
        for (int i = thread; i < BLOCK * 4; i += 128) {
            const int row = i / 4, column = i % 4 * 8, in_k = k - first_k - column;
            const bool inside = first_row + row < rows && in_k > 0;
            const std::uint32_t bytes = inside ? (in_k < 8 ? in_k * 2 : 16) : 0;
            const std::int64_t at = static_cast<std::int64_t>(first_row + row) * k + first_k + column;
            const half* from = inside ? matrix + at : matrix;
            cp_async_cg_16(tile + row * PITCH + column, from, bytes);
        }
    };
    const auto load = [&](int step) {
        if (step < steps) {
            load_tile(tile_a + step % STAGES * TILE, a, block_row, m, step * BLOCK_K);
            load_tile(tile_b + step % STAGES * TILE, b, block_col, n, step * BLOCK_K);
        }
        cp_async_commit_group();
    };

    for (int step = 0; step < STAGES - 1; ++step) load(step);
    for (int step = 0; step < steps; ++step) {
        cp_async_wait_group<STAGES - 2 + (flaw == Flaw::wrong_group)>();
        __syncthreads();
        load(step + STAGES - 1);
        const half* stage_a = tile_a + step % STAGES * TILE + (flaw == Flaw::misaligned_ldmatrix ? 4 : 0);
        const half* stage_b = tile_b + step % STAGES * TILE;
        for (int kk = 0; kk < BLOCK_K; kk += 16) {
            std::uint32_t fragment_a[2][4], fragment_b[4][2];
            for (int i = 0; i < 2; ++i)
                ldmatrix_x4(fragment_a[i], stage_a + (warp_row + i * 16 + lane % 16) * PITCH + kk + lane / 16 * 8);
            for (int j = 0; j < 4; ++j)
                ldmatrix_x2(fragment_b[j], stage_b + (warp_col + j * 8 + lane % 8) * PITCH + kk + lane / 8 % 2 * 8);
            for (int i = 0; i < 2; ++i)
                for (int j = 0; j < 4; ++j) mma_m16n8k16_f16_f32(acc[i][j], fragment_a[i], fragment_b[j], acc[i][j]);
        }
    }
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 4; ++j)
            for (int e = 0; e < 4; ++e) {
                const int row = block_row + warp_row + i * 16 + lane / 4 + e / 2 * 8;
                const int col = block_col + warp_col + j * 8 + lane % 4 * 2 + e % 2;
                if (row < m && col < n) c[static_cast<std::int64_t>(row) * n + col] = acc[i][j][e];
            }
}

/// C[M,N] = A[M,K] B[N,K]ᵀ by TMA, mbarriers and wgmma: warpgroup 0 brings 128 x 64 tiles into three stages, warpgroups
/// 1 and 2 multiply 64 rows each. 384 threads; the maps' boxes are 64 x 128 with the 128-byte swizzle.
template <Flaw flaw>
__global__ void __launch_bounds__(384, 1)
    hopper_gemm(const __grid_constant__ TensorMap map_a, const __grid_constant__ TensorMap map_b, float* __restrict__ c,
                int m, int n, int k) {
    constexpr int BLOCK = 128, BLOCK_K = 64, STAGES = 3, TILE = BLOCK * BLOCK_K * 2;
    constexpr int off = flaw == Flaw::misaligned_tma ? 64 : flaw == Flaw::misaligned_wgmma ? 512 : 0;
    unsigned char* tile_a = dynamic_shared<unsigned char>() + off;
    unsigned char* tile_b = tile_a + STAGES * TILE;
    __shared__ std::uint64_t full[STAGES], empty[STAGES];
    const int thread = static_cast<int>(threadIdx.x), warpgroup = thread / 128;
    const int block_row = static_cast<int>(blockIdx.y) * BLOCK, block_col = static_cast<int>(blockIdx.x) * BLOCK;
    const int steps = (k + BLOCK_K - 1) / BLOCK_K;

    if (thread == 0) {
        for (int stage = 0; stage < STAGES; ++stage) {
            mbarrier_init(&full[stage], 1);
            mbarrier_init(&empty[stage], 2);
        }
        if (flaw != Flaw::dropped_init_fence) fence_mbarrier_init();
    }
    __syncthreads();

    if (warpgroup == 0) {
        setmaxnreg_dec<40>();
        if (thread == 0)
            for (int step = 0; step < steps; ++step) {
                const int stage = step % STAGES, phase = step / STAGES % 2;
                mbarrier_wait_parity(&empty[stage], phase ^ 1);
                mbarrier_arrive_expect_tx(&full[stage], 2 * TILE + (flaw == Flaw::more_bytes ? 16 : 0));
                tma_load_2d(tile_a + stage * TILE, map_a, &full[stage], step * BLOCK_K, block_row);
                tma_load_2d(tile_b + stage * TILE, map_b, &full[stage], step * BLOCK_K, block_col);
            }
        return;
    }
    setmaxnreg_inc<232>();
    float acc[64];
    for (float& value : acc) value = 0;
    for (int step = 0; step < steps; ++step) {
        const int stage = step % STAGES, phase = step / STAGES % 2;
        if (flaw != Flaw::dropped_wait) mbarrier_wait_parity(&full[stage], phase);
        const std::uint64_t rows =
            wgmma_descriptor(tile_a + stage * TILE + (warpgroup - 1) * TILE / 2, 16, 1024, Swizzle::bytes_128);
        const std::uint64_t columns = wgmma_descriptor(tile_b + stage * TILE, 16, 1024, Swizzle::bytes_128);
        if (flaw != Flaw::dropped_fence) wgmma_fence();
        for (int kk = 0; kk < BLOCK_K; kk += 16)
            wgmma<Element::bf16>(acc, wgmma_advance(rows, kk * 2), wgmma_advance(columns, kk * 2), true);
        wgmma_commit_group();
        if (flaw == Flaw::early_release && thread % 128 == 0) mbarrier_arrive(&empty[stage]);
        if (flaw != Flaw::dropped_result_wait) wgmma_wait_group<0>();
        if (flaw != Flaw::early_release && (flaw == Flaw::many_arrivals || thread % 128 == 0))
            mbarrier_arrive(&empty[stage]);
    }
    const int lane = thread % 32, warp_row = block_row + (thread - 128) / 32 * 16;
    for (int i = 0; i < 64; ++i) {
        const int row = warp_row + lane / 4 + i / 2 % 2 * 8, col = block_col + i / 4 * 8 + lane % 4 * 2 + i % 2;
        if (row < m && col < n) c[static_cast<std::int64_t>(row) * n + col] = acc[i];
    }
}

}  // namespace stele::ptx
