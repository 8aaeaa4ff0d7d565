// gemm / tensor — CUDA C++; siblings: tensor.ptx.cu, tensor.ptx.cl
//
// C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or [N,K]. A block owns BLOCK_M × BLOCK_N of C and walks along K in
// steps of BLOCK_K, whose tiles asynchronous copies keep STAGES - 1 steps ahead in shared memory. A warp owns WARP_M ×
// WARP_N of C in fragments of nvcuda::wmma. Tiles lie in shared memory as in global memory; a wmma fragment is loaded
// with one distance between rows, so they are padded, by 16 bytes or what keeps the rows of one load apart in the
// banks.
#include <cuda_pipeline.h>
#include <mma.h>

#include "kernels/common/shared.cuh"
#include "kernels/gemm/tensor/tensor.cuh"
#include "kernels/gemm/tensor/wmma.cuh"

namespace stele::gemm::cuda {

namespace wmma = nvcuda::wmma;
using gemm::LayoutB;
using gemm::TensorTile;

/// A [M,K] and B [K,N] or [N,K] in rows of a_stride and b_stride elements, which 16 bytes divide, and whose columns
/// beyond K or N are zero; blockIdx.z counts products of a batch. scale_a, scale_b: null. row_begin [groups + 1]: rows
/// of A and C that each B multiplies; null: one B. C [M,N].
template <Dtype dtype, std::size_t TILE, LayoutB layout>
__global__ void __launch_bounds__(gemm::tensor_threads<gemm::wmma_tile<TILE>>, 1)
    gemm_tensor(const gemm::OperandOf<dtype>* __restrict__ A, const gemm::OperandOf<dtype>* __restrict__ B,
                const float* __restrict__, const float* __restrict__, const int* __restrict__ row_begin,
                gemm::ResultOf<dtype>* __restrict__ C, int M, int N, int K, int a_stride, int b_stride, int groups) {
    using G = gemm::Padded<dtype, gemm::wmma_tile<TILE>, layout>;
    unsigned char* shared = dynamic_shared<unsigned char>();
    typename G::FragmentA a[G::TILES_M];
    typename G::FragmentB b;
    typename G::FragmentC acc[G::TILES_M][G::TILES_N];

    // -- place
    const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
    const int warp_row = warp / G::WARPS_N * G::WARP_M, warp_col = warp % G::WARPS_N * G::WARP_N;
    const gemm::Block block = gemm::own_block<G::BLOCK_M, G::BLOCK_N>(row_begin, groups, M, N);
    if (block.rows == 0) return;
    const long long matrix = blockIdx.z + block.matrix;
    A += (static_cast<long long>(blockIdx.z) * M + block.first_row) * a_stride;
    B += matrix * (G::B_IS_KN ? K : N) * b_stride;
    gemm::Tiles<G> tiles(A, B, block, N, K, a_stride, b_stride, thread);
    const auto copy_piece = [](void* to, const void* from, bool inside) {
        __pipeline_memcpy_async(to, from, 16, inside ? 0 : 16);
    };
    const auto copied = [&] {
        __pipeline_commit();
        tiles.advance();
    };
    // Where the stages begin that are multiplied and filled now.
    int reading = 0, writing = (G::STAGES - 1) * G::STAGE_BYTES;
    const auto load_a = [&](int step, int i) { G::load_a(a[i], shared + reading, warp_row + i * 16, step); };

    // -- load
    for (int stage = 0; stage < G::STAGES - 1; ++stage) {
        tiles.template copy<1>(shared + stage * G::STAGE_BYTES, 0, copy_piece);
        copied();
    }
    __pipeline_wait_prior(G::STAGES - 2);
    __syncthreads();
#pragma unroll
    for (int i = 0; i < G::TILES_M; ++i)
#pragma unroll
        for (int j = 0; j < G::TILES_N; ++j) wmma::fill_fragment(acc[i][j], 0.0f);
#pragma unroll
    for (int i = 0; i < G::TILES_M; ++i) load_a(0, i);

#pragma unroll 1
    for (int k_begin = 0; k_begin < K; k_begin += G::BLOCK_K) {
        // Not unrolled: wmma's loads of bf16 and tf32 are many with addresses of 64 bits each, which an assembler with
        // more than one step in sight computes ahead until registers run out.
#pragma unroll 1
        for (int step = 0; step < G::STEPS; ++step) {
            const bool last = step == G::STEPS - 1;
            if (step == 0) tiles.template copy<1>(shared + writing, 0, copy_piece);

            // -- multiply
#pragma unroll
            for (int j = 0; j < G::TILES_N; ++j) {
                G::load_b(b, shared + reading, warp_col + j * 16, step);
                if (last && j == G::TILES_N - 1) {
                    // The next tiles are there for all, and this step's have been read by all: what is left of them is
                    // in registers.
                    copied();
                    __pipeline_wait_prior(G::STAGES - 2);
                    __syncthreads();
                    writing = reading;
                    reading = reading == (G::STAGES - 1) * G::STAGE_BYTES ? 0 : reading + G::STAGE_BYTES;
                }
#pragma unroll
                for (int i = 0; i < G::TILES_M; ++i) {
                    wmma::mma_sync(acc[i][j], a[i], b, acc[i][j]);
                    if (j == G::TILES_N - 1) load_a(last ? 0 : step + 1, i);
                }
            }
        }
    }

    // -- store
    __pipeline_wait_prior(0);
    __syncthreads();
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
__global__ void gemm_tensor_pad(const gemm::OperandOf<dtype>* __restrict__ from,
                                gemm::OperandOf<dtype>* __restrict__ to, long long rows, int cols, int stride) {
    gemm::pad_rows(from, to, rows, cols, stride);
}

std::vector<NativeInstance> gemm_tensor() {
    NativeList list;
    const auto add = [&]<Dtype dtype, LayoutB layout>() {
        const std::string instance = gemm::Typed<dtype>::name + std::string(" ") + gemm::name(layout);
        for_each_tile<gemm::wmma_tiles>([&]<TensorTile tile>() {
            list.add<gemm_tensor<dtype, tile_index<gemm::wmma_tiles>(tile), layout>>("gemm_tensor",
                                                                                     text(tile) + ' ' + instance);
        });
        if (layout == LayoutB::nk) list.add<gemm_tensor_pad<dtype>>("gemm_tensor_pad", gemm::Typed<dtype>::name);
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
