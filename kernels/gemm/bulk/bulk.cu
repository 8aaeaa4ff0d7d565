// gemm / bulk — CUDA C++, sm_90 and later; no siblings
//
// C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or [N,K]. As tensor.cu: a block owns BLOCK_M × BLOCK_N of C, a warp
// WARP_M × WARP_N of it in fragments of nvcuda::wmma, and tiles are padded. But one more warp, the producer, brings
// them, row by row: cuda::memcpy_async with a size known as a multiple of 16 bytes, on a barrier in shared memory, is
// one bulk copy. full[stage] is complete when its rows are there, empty[stage] when every consumer has read them.
#include <cuda/barrier>

#include "kernels/common/shared.cuh"
#include "kernels/gemm/bulk/bulk.hpp"
#include "kernels/gemm/tensor/wmma.cuh"

namespace stele::gemm::cuda {

namespace wmma = nvcuda::wmma;
using gemm::LayoutB;
using gemm::TensorTile;
using Barrier = ::cuda::barrier<::cuda::thread_scope_block>;

/// One row of a tile, ROW_BYTES long: `inside` bytes by a bulk copy, a multiple of 16, and zeros behind them.
template <int ROW_BYTES>
__device__ __forceinline__ void copy_row(unsigned char* to, const void* from, int inside, Barrier& full) {
    if (inside > 0) ::cuda::memcpy_async(to, from, ::cuda::aligned_size_t<16>(inside), full);
    for (int at = inside; at < ROW_BYTES; at += 16) *reinterpret_cast<uint4*>(to + at) = make_uint4(0, 0, 0, 0);
}

/// This lane's rows of the ROWS × COLS tile at (row_begin, col_begin) of matrix[rows, cols], `stride` elements apart.
template <typename G, int ROWS, int COLS, int PITCH>
__device__ __forceinline__ void copy_rows(unsigned char* tile, const typename G::Operand* matrix, int stride, int rows,
                                          int row_begin, int col_begin, int lane, Barrier& full) {
    const int left = stride - col_begin, cols = left < COLS ? (left < 0 ? 0 : left) : COLS;
    for (int row = lane; row < ROWS; row += 32) {
        const auto* from = matrix + static_cast<long long>(row_begin + row) * stride + col_begin;
        copy_row<COLS * G::BYTES>(tile + row * PITCH, from, row_begin + row < rows ? cols * G::BYTES : 0, full);
    }
}

/// A [M,K] and B [K,N] or [N,K] in rows of a_stride and b_stride elements, which 16 bytes divide, and whose columns
/// beyond K or N are zero; blockIdx.z counts products of a batch. scale_a, scale_b: null. row_begin [groups + 1]: rows
/// of A and C that each B multiplies; null: one B. C [M,N].
template <Dtype dtype, std::size_t TILE, LayoutB layout>
__global__ void __launch_bounds__(gemm::bulk_threads<gemm::bulk_tile<TILE>>, 1)
    gemm_bulk(const gemm::OperandOf<dtype>* __restrict__ A, const gemm::OperandOf<dtype>* __restrict__ B,
              const float* __restrict__, const float* __restrict__, const int* __restrict__ row_begin,
              gemm::ResultOf<dtype>* __restrict__ C, int M, int N, int K, int a_stride, int b_stride, int groups) {
    using G = gemm::Padded<dtype, gemm::bulk_tile<TILE>, layout>;
    constexpr int CONSUMERS = G::NUM_THREADS / 32;
    unsigned char* shared = dynamic_shared<unsigned char>();
    Barrier *full = reinterpret_cast<Barrier*>(shared + G::STAGES * G::STAGE_BYTES), *empty = full + G::STAGES;
    typename G::FragmentA a[G::TILES_M];
    typename G::FragmentB b;
    typename G::FragmentC acc[G::TILES_M][G::TILES_N];

    // -- place
    const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const bool producer = warp == CONSUMERS;
    const int warp_row = warp / G::WARPS_N * G::WARP_M, warp_col = warp % G::WARPS_N * G::WARP_N;
    const gemm::Block block = gemm::own_block<G::BLOCK_M, G::BLOCK_N>(row_begin, groups, M, N);
    if (block.rows == 0) return;
    const long long matrix = blockIdx.z + block.matrix;
    A += (static_cast<long long>(blockIdx.z) * M + block.first_row) * a_stride;
    B += matrix * (G::B_IS_KN ? K : N) * b_stride;
    if (threadIdx.x == 0)
        for (int stage = 0; stage < G::STAGES; ++stage) {
            init(full + stage, 32);
            init(empty + stage, CONSUMERS);
        }
#pragma unroll
    for (int i = 0; i < G::TILES_M; ++i)
#pragma unroll
        for (int j = 0; j < G::TILES_N; ++j) wmma::fill_fragment(acc[i][j], 0.0f);
    __syncthreads();

    bool phase = false;
    if (producer) {
        // -- load
        int stage = 0;
        for (int k_begin = 0; k_begin < K; k_begin += G::BLOCK_K) {
            // In the first round every stage is empty: the phase before the first counts as complete.
            empty[stage].wait_parity(!phase);
            unsigned char *tile_a = shared + stage * G::STAGE_BYTES, *tile_b = tile_a + G::A_BYTES;
            copy_rows<G, G::BLOCK_M, G::BLOCK_K, G::A_PITCH>(tile_a, A, a_stride, block.rows, block.row, k_begin, lane,
                                                             full[stage]);
            if constexpr (G::B_IS_KN)
                copy_rows<G, G::B_ROWS, G::B_COLS, G::B_PITCH>(tile_b, B, b_stride, K, k_begin, block.col, lane,
                                                               full[stage]);
            else
                copy_rows<G, G::B_ROWS, G::B_COLS, G::B_PITCH>(tile_b, B, b_stride, N, block.col, k_begin, lane,
                                                               full[stage]);
            static_cast<void>(full[stage].arrive());
            if (++stage == G::STAGES) stage = 0, phase = !phase;
        }
    } else {
        // -- multiply
        int stage = 0;
        for (int k_begin = 0; k_begin < K; k_begin += G::BLOCK_K) {
            full[stage].wait_parity(phase);
            const unsigned char* tiles = shared + stage * G::STAGE_BYTES;
            // Not unrolled, as in tensor.cu.
#pragma unroll 1
            for (int step = 0; step < G::STEPS; ++step) {
#pragma unroll
                for (int i = 0; i < G::TILES_M; ++i) G::load_a(a[i], tiles, warp_row + i * 16, step);
#pragma unroll
                for (int j = 0; j < G::TILES_N; ++j) {
                    G::load_b(b, tiles, warp_col + j * 16, step);
#pragma unroll
                    for (int i = 0; i < G::TILES_M; ++i) wmma::mma_sync(acc[i][j], a[i], b, acc[i][j]);
                }
            }
            __syncwarp();
            if (lane == 0) static_cast<void>(empty[stage].arrive());
            if (++stage == G::STAGES) stage = 0, phase = !phase;
        }
    }

    // -- store
    // All consumers have read what C's way out overwrites.
    __syncthreads();
    if (producer) return;
    C += (static_cast<long long>(blockIdx.z) * M + block.first_row) * N;
    float* staging = reinterpret_cast<float*>(shared) + warp * G::STAGING_ROWS * G::STAGING_STRIDE;
#pragma unroll
    for (int i = 0; i < G::TILES_M; ++i) {
#pragma unroll
        for (int j = 0; j < G::TILES_N; ++j)
            wmma::store_matrix_sync(staging + j * 16, acc[i][j], G::STAGING_STRIDE, wmma::mem_row_major);
        __syncwarp();
        gemm::store_rows<G>(C, staging, block, block.row + warp_row + i * 16, block.col + warp_col, N, lane);
        __syncwarp();
    }
}

template <Dtype dtype>
__global__ void gemm_bulk_pad(const gemm::OperandOf<dtype>* __restrict__ from, gemm::OperandOf<dtype>* __restrict__ to,
                              long long rows, int cols, int stride) {
    gemm::pad_rows(from, to, rows, cols, stride);
}

std::vector<NativeInstance> gemm_bulk() {
    NativeList list;
    const auto add = [&]<Dtype dtype, LayoutB layout>() {
        const std::string instance = gemm::Typed<dtype>::name + std::string(" ") + gemm::name(layout);
        for_each_tile<gemm::bulk_tiles>([&]<TensorTile tile>() {
            if constexpr (gemm::bulk_takes(tile, dtype))
                list.add<gemm_bulk<dtype, tile_index<gemm::bulk_tiles>(tile), layout>>("gemm_bulk",
                                                                                       text(tile) + ' ' + instance);
        });
        if (layout == LayoutB::nk) list.add<gemm_bulk_pad<dtype>>("gemm_bulk_pad", gemm::Typed<dtype>::name);
    };
    add.operator()<Dtype::f16, LayoutB::kn>();
    add.operator()<Dtype::f16, LayoutB::nk>();
    add.operator()<Dtype::bf16, LayoutB::kn>();
    add.operator()<Dtype::bf16, LayoutB::nk>();
    add.operator()<Dtype::tf32, LayoutB::kn>();
    add.operator()<Dtype::tf32, LayoutB::nk>();
    return std::move(list);
}

}  // namespace stele::gemm::cuda
