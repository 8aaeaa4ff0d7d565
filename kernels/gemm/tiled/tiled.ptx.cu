// gemm / tiled — CUDA C++ with PTX; siblings: tiled.cu, tiled.cl
//
// C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or [N,K]. A block owns BLOCK_M × BLOCK_N of C and walks along K in
// steps of BLOCK_K, whose tiles it keeps in shared memory as they lie in global memory; cp.async brings the next step's
// tiles meanwhile. A thread owns THREAD_M × THREAD_N of C in registers, its rows THREADS_M apart.
#include "kernels/common/ptx/cp_async.cuh"
#include "kernels/common/ptx_element.cuh"
#include "kernels/gemm/tiled/tiled.cuh"

namespace stele::ptx {

using gemm::component;
using gemm::LayoutB;
using gemm::load_columns;
using gemm::Piece;
using gemm::TiledTile;

/// Copies this thread's pieces of the ROWS × COLS tile at (row_begin, col_begin) of matrix[rows, cols] to shared
/// memory; zeros beyond its edges. Rows that 16 bytes do not divide cannot be copied asynchronously.
template <int ROWS, int COLS, int STRIDE, int NUM_THREADS, typename T>
__device__ __forceinline__ void copy_tile(T* tile, const T* matrix, int rows, int cols, int row_begin, int col_begin,
                                          int thread) {
    constexpr int VECTOR = 16 / static_cast<int>(sizeof(T)), PIECES_PER_ROW = COLS / VECTOR;
    const bool aligned = cols % VECTOR == 0;
#pragma unroll
    for (int piece = thread; piece < ROWS * PIECES_PER_ROW; piece += NUM_THREADS) {
        const int tile_row = piece / PIECES_PER_ROW, tile_col = piece % PIECES_PER_ROW * VECTOR;
        const int row = row_begin + tile_row, col = col_begin + tile_col;
        const bool inside = row < rows && col < cols;
        const T* from = matrix + (inside ? static_cast<long long>(row) * cols + col : 0);
        T* to = tile + tile_row * STRIDE + tile_col;
        if (aligned) {
            cp_async_cg_16(to, from, inside ? 16 : 0);
        } else {
            Piece<T> edge;
            edge.whole = make_uint4(0, 0, 0, 0);
#pragma unroll
            for (int e = 0; e < VECTOR; ++e)
                if (row < rows && col + e < cols) edge.element[e] = load_raw(from + e);
            st_shared_v4_b32(to, edge.whole);
        }
    }
}

template <typename T, std::size_t TILE, LayoutB layout>
__global__ void __launch_bounds__(gemm::tiled_threads<gemm::tiled_tile<TILE>>, 1)
    gemm_tiled(const T* __restrict__ A, const T* __restrict__ B, T* __restrict__ C, int M, int N, int K) {
    using G = gemm::Tiled<T, gemm::tiled_tile<TILE>, layout>;
    alignas(16) __shared__ T tile_a[G::STAGES][G::BLOCK_M * G::A_STRIDE];
    alignas(16) __shared__ T tile_b[G::STAGES][G::B_ROWS * G::B_STRIDE];
    float acc[G::THREAD_M][G::THREAD_N] = {};

    // -- place
    const int thread = threadIdx.x;
    const int thread_row = thread / G::THREADS_N, thread_col = thread % G::THREADS_N;
    const int blocks_n = (N + G::BLOCK_N - 1) / G::BLOCK_N;
    const int block_row = blockIdx.x / blocks_n * G::BLOCK_M, block_col = blockIdx.x % blocks_n * G::BLOCK_N;
    const auto copy_tiles = [&](int stage, int k_begin) {
        copy_tile<G::BLOCK_M, G::BLOCK_K, G::A_STRIDE, G::NUM_THREADS>(tile_a[stage], A, M, K, block_row, k_begin,
                                                                       thread);
        if constexpr (G::B_IS_KN)
            copy_tile<G::B_ROWS, G::B_COLS, G::B_STRIDE, G::NUM_THREADS>(tile_b[stage], B, K, N, k_begin, block_col,
                                                                         thread);
        else
            copy_tile<G::B_ROWS, G::B_COLS, G::B_STRIDE, G::NUM_THREADS>(tile_b[stage], B, N, K, block_col, k_begin,
                                                                         thread);
        cp_async_commit_group();
    };

    // -- load
    if (K > 0) copy_tiles(0, 0);
    for (int k_begin = 0, stage = 0; k_begin < K; k_begin += G::BLOCK_K, stage ^= 1) {
        cp_async_wait_group<0>();
        // This stage is now seen by all, and the other one read by all.
        __syncthreads();
        if (k_begin + G::BLOCK_K < K) copy_tiles(stage ^ 1, k_begin + G::BLOCK_K);

            // -- multiply
#pragma unroll 1
        for (int k = 0; k < G::BLOCK_K; k += 4) {
            float4 a[G::THREAD_M], b[4];
#pragma unroll
            for (int i = 0; i < G::THREAD_M; ++i)
                a[i] = load_shared4(tile_a[stage] + (thread_row + i * G::THREADS_M) * G::A_STRIDE + k);
#pragma unroll
            for (int j = 0; j < G::THREAD_N; j += 4) {
                load_columns<G>(b, tile_b[stage], thread_col, j, k, [](const T* from) { return load_shared4(from); });
#pragma unroll
                for (int c = 0; c < 4; ++c)
#pragma unroll
                    for (int i = 0; i < G::THREAD_M; ++i)
#pragma unroll
                        for (int e = 0; e < 4; ++e)
                            acc[i][j + e] = fma_rn_f32(component(a[i], c), component(b[e], c), acc[i][j + e]);
            }
        }
    }

    // -- store
    const bool aligned = N % 4 == 0;
#pragma unroll
    for (int i = 0; i < G::THREAD_M; ++i) {
        const int row = block_row + thread_row + i * G::THREADS_M;
        if (row >= M) continue;
        T* c = C + static_cast<long long>(row) * N + block_col;
#pragma unroll
        for (int j = 0; j < G::THREAD_N; j += 4) {
            const int col = G::column(thread_col, j);
            if (G::B_IS_KN && aligned) {
                if (block_col + col < N)
                    store4_streaming(c + col, make_float4(acc[i][j], acc[i][j + 1], acc[i][j + 2], acc[i][j + 3]));
            } else {
#pragma unroll
                for (int e = j; e < j + 4; ++e)
                    if (block_col + G::column(thread_col, e) < N)
                        store_element(c + G::column(thread_col, e), acc[i][e]);
            }
        }
    }
}

std::vector<NativeInstance> gemm_tiled() {
    NativeList list;
    for_each_tile<gemm::tiled_tiles>([&]<TiledTile tile>() {
        gemm::for_each_instance([&]<typename T, LayoutB layout>(const std::string& instance) {
            list.add<gemm_tiled<T, tile_index<gemm::tiled_tiles>(tile), layout>>("gemm_tiled", text(tile) + ' ' + instance);
        });
    });
    return std::move(list);
}

}  // namespace stele::ptx
