// gemm / tiled — CUDA C++; siblings: tiled.ptx.cu, tiled.cl
//
// C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or [N,K]; the grid's z is the product of a batch or the group of rows.
// A block owns BLOCK_M × BLOCK_N of C and walks along K in steps of BLOCK_K, whose tiles it keeps in shared memory as
// f32, k by k; the next step's tiles travel through registers meanwhile. A warp owns WARP_M × WARP_N, a thread
// THREAD_M × THREAD_N of it in fours of rows and columns, and reads the next k's numbers while it multiplies this k's.
#include "kernels/gemm/tiled/tiled.cuh"

namespace stele::gemm::cuda {

using gemm::LayoutB;
using gemm::TiledTile;

template <typename T, std::size_t TILE, LayoutB layout>
__global__ void __launch_bounds__(gemm::tiled_threads<gemm::tiled_tile<TILE>>,
                                  gemm::tiled_blocks<gemm::tiled_tile<TILE>>)
    gemm_tiled(const T* __restrict__ A,            // [M,K], of each product of a batch
               const T* __restrict__ B,            // [K,N] or [N,K], of each product or group
               const int* __restrict__ row_begin,  // [groups + 1]; null: no groups
               T* __restrict__ C, int M, int N, int K) {
    using G = gemm::Tiled<gemm::tiled_tile<TILE>, layout>;
    alignas(16) __shared__ float tile_a[G::STAGES][G::PartA::NUMBERS];
    alignas(16) __shared__ float tile_b[G::STAGES][G::PartB::NUMBERS];
    Raw4<T> next_a[G::PartA::PIECES], next_b[G::PartB::PIECES];
    float a[2][G::THREAD_M], b[2][G::THREAD_N];
    float acc[G::THREAD_M][G::THREAD_N] = {};

    // -- place
    const int product = blockIdx.z;
    const long long first_row = row_begin ? row_begin[product] : static_cast<long long>(product) * M;
    const int rows = row_begin ? row_begin[product + 1] - row_begin[product] : M;
    const int blocks_n = (N + G::BLOCK_N - 1) / G::BLOCK_N, blocks_m = (rows + G::BLOCK_M - 1) / G::BLOCK_M;
    if (blockIdx.x >= blocks_m * blocks_n) return;
    const auto [block_m, block_n] = gemm::block_in_strips(blockIdx.x, blocks_m, blocks_n);
    const int block_row = block_m * G::BLOCK_M, block_col = block_n * G::BLOCK_N;
    A += first_row * K;
    B += static_cast<long long>(product) * K * N;
    C += first_row * N;
    const bool a_aligned = K % 4 == 0, c_aligned = N % 4 == 0;
    const bool b_aligned = layout == LayoutB::kn ? c_aligned : a_aligned;
    const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
    // Lanes in this order: of two or four neighbours some share a row and some a column, so that half a warp's reads of
    // 16 bytes a lane are at most 128 bytes, at one time.
    const int lane_m = lane % 2 + lane / 16 * 2, lane_n = lane / 2 % 8;
    const int thread_row = warp / G::WARPS_N * G::WARP_M + lane_m * 4;
    const int thread_col = warp % G::WARPS_N * G::WARP_N + lane_n * 4;
    gemm::Source<typename G::PartA, T> source_a(A, rows, K, block_row, thread);
    gemm::Source<typename G::PartB, T> source_b(B, N, K, block_col, thread);
    const auto fetch_tiles = [&] {
        gemm::fetch(next_a, source_a, a_aligned);
        gemm::fetch(next_b, source_b, b_aligned);
        source_a.advance();
        source_b.advance();
    };
    const auto place_tiles = [&](int stage) {
        gemm::place_pieces<typename G::PartA, T>(tile_a[stage], next_a, thread);
        gemm::place_pieces<typename G::PartB, T>(tile_b[stage], next_b, thread);
    };
    const auto read = [&](int stage, int k) {
#pragma unroll
        for (int i = 0; i < G::THREAD_M; i += 4)
            store4(&a[k % 2][i], load4(&tile_a[stage][k * G::PartA::STRIDE + thread_row + G::row(i)]));
#pragma unroll
        for (int j = 0; j < G::THREAD_N; j += 4)
            store4(&b[k % 2][j], load4(&tile_b[stage][k * G::PartB::STRIDE + thread_col + G::col(j)]));
    };
    const auto multiply = [&](int k) {
#pragma unroll
        for (int i = 0; i < G::THREAD_M; ++i)
#pragma unroll
            for (int j = 0; j < G::THREAD_N; ++j) acc[i][j] = fmaf(a[k % 2][i], b[k % 2][j], acc[i][j]);
    };

    // -- load
    fetch_tiles();
    place_tiles(0);
    __syncthreads();
    read(0, 0);
#pragma unroll 1
    for (int k_begin = 0, stage = 0; k_begin < K; k_begin += G::BLOCK_K, stage ^= 1) {
        // Beyond K these are zeros, which nobody multiplies.
        fetch_tiles();

        // -- multiply
#pragma unroll
        for (int k = 0; k < G::BLOCK_K - 1; ++k) {
            read(stage, k + 1);
            multiply(k);
        }
        // The other stage was last read before the barrier of the step before.
        place_tiles(stage ^ 1);
        __syncthreads();
        read(stage ^ 1, 0);
        multiply(G::BLOCK_K - 1);
    }

    // -- store
#pragma unroll
    for (int i = 0; i < G::THREAD_M; ++i) {
        const int row = block_row + thread_row + G::row(i);
        if (row >= rows) continue;
        T* c = C + static_cast<long long>(row) * N;
#pragma unroll
        for (int j = 0; j < G::THREAD_N; j += 4) {
            const int col = block_col + thread_col + G::col(j);
            if (c_aligned) {
                if (col < N) store4(c + col, make_float4(acc[i][j], acc[i][j + 1], acc[i][j + 2], acc[i][j + 3]));
            } else {
#pragma unroll
                for (int e = 0; e < 4; ++e)
                    if (col + e < N) c[col + e] = from_float<T>(acc[i][j + e]);
            }
        }
    }
}

std::vector<NativeInstance> gemm_tiled() {
    NativeList list;
    for_each_tile<gemm::tiled_tiles>([&]<TiledTile tile>() {
        gemm::for_each_instance([&]<typename T, LayoutB layout>(const std::string& instance) {
            list.add<gemm_tiled<T, tile_index<gemm::tiled_tiles>(tile), layout>>("gemm_tiled",
                                                                                 text(tile) + ' ' + instance);
        });
    });
    return std::move(list);
}

}  // namespace stele::gemm::cuda
