// gemm / tiled — CUDA C++; siblings: tiled.ptx.cu, tiled.cl
//
// C[M,N] = A[M,K] B[K,N], row-major, B as [K,N] or [N,K]. A block owns BLOCK_M × BLOCK_N of C and walks along K in
// steps of BLOCK_K, whose tiles it keeps in shared memory as they lie in global memory; the next step's tiles travel
// through registers meanwhile. A thread owns THREAD_M × THREAD_N of C in registers, its rows THREADS_M apart.
#include "kernels/gemm/tiled/tiled.cuh"

namespace stele::cuda {

using gemm::component;
using gemm::LayoutB;
using gemm::load_columns;
using gemm::Piece;
using gemm::TiledTile;

/// This thread's pieces of the ROWS × COLS tile at (row_begin, col_begin) of matrix[rows, cols]; zeros beyond its
/// edges.
template <int ROWS, int COLS, int NUM_THREADS, int PIECES, typename T>
__device__ __forceinline__ void fetch(Piece<T> (&pieces)[PIECES], const T* matrix, int rows, int cols, int row_begin,
                                      int col_begin, int thread) {
    constexpr int VECTOR = 16 / static_cast<int>(sizeof(T)), PIECES_PER_ROW = COLS / VECTOR;
    static_assert(ROWS * PIECES_PER_ROW == PIECES * NUM_THREADS);
    const bool aligned = cols % VECTOR == 0;
#pragma unroll
    for (int i = 0; i < PIECES; ++i) {
        const int piece = i * NUM_THREADS + thread;
        const int row = row_begin + piece / PIECES_PER_ROW, col = col_begin + piece % PIECES_PER_ROW * VECTOR;
        const T* from = matrix + static_cast<long long>(row) * cols + col;
        pieces[i].whole = make_uint4(0, 0, 0, 0);
        if (row >= rows) continue;
        if (aligned) {
            if (col < cols) pieces[i].whole = *reinterpret_cast<const uint4*>(from);
        } else {
#pragma unroll
            for (int e = 0; e < VECTOR; ++e)
                if (col + e < cols) pieces[i].element[e] = from[e];
        }
    }
}

/// Puts fetched pieces into their places of the shared tile.
template <int COLS, int STRIDE, int NUM_THREADS, int PIECES, typename T>
__device__ __forceinline__ void place_pieces(T* tile, const Piece<T> (&pieces)[PIECES], int thread) {
    constexpr int VECTOR = 16 / static_cast<int>(sizeof(T)), PIECES_PER_ROW = COLS / VECTOR;
#pragma unroll
    for (int i = 0; i < PIECES; ++i) {
        const int piece = i * NUM_THREADS + thread;
        T* to = tile + piece / PIECES_PER_ROW * STRIDE + piece % PIECES_PER_ROW * VECTOR;
        *reinterpret_cast<uint4*>(to) = pieces[i].whole;
    }
}

template <typename T, std::size_t TILE, LayoutB layout>
__global__ void __launch_bounds__(gemm::tiled_threads<gemm::tiled_tile<TILE>>, 1)
    gemm_tiled(const T* __restrict__ A, const T* __restrict__ B, T* __restrict__ C, int M, int N, int K) {
    using G = gemm::Tiled<T, gemm::tiled_tile<TILE>, layout>;
    alignas(16) __shared__ T tile_a[G::STAGES][G::BLOCK_M * G::A_STRIDE];
    alignas(16) __shared__ T tile_b[G::STAGES][G::B_ROWS * G::B_STRIDE];
    Piece<T> next_a[G::PIECES_A], next_b[G::PIECES_B];
    float acc[G::THREAD_M][G::THREAD_N] = {};

    // -- place
    const int thread = threadIdx.x;
    const int thread_row = thread / G::THREADS_N, thread_col = thread % G::THREADS_N;
    const int blocks_n = (N + G::BLOCK_N - 1) / G::BLOCK_N;
    const int block_row = blockIdx.x / blocks_n * G::BLOCK_M, block_col = blockIdx.x % blocks_n * G::BLOCK_N;
    const auto fetch_tiles = [&](int k_begin) {
        fetch<G::BLOCK_M, G::BLOCK_K, G::NUM_THREADS>(next_a, A, M, K, block_row, k_begin, thread);
        if constexpr (G::B_IS_KN)
            fetch<G::B_ROWS, G::B_COLS, G::NUM_THREADS>(next_b, B, K, N, k_begin, block_col, thread);
        else
            fetch<G::B_ROWS, G::B_COLS, G::NUM_THREADS>(next_b, B, N, K, block_col, k_begin, thread);
    };
    const auto place_tiles = [&](int stage) {
        place_pieces<G::BLOCK_K, G::A_STRIDE, G::NUM_THREADS>(tile_a[stage], next_a, thread);
        place_pieces<G::B_COLS, G::B_STRIDE, G::NUM_THREADS>(tile_b[stage], next_b, thread);
    };

    // -- load
    fetch_tiles(0);
    place_tiles(0);
    __syncthreads();
    for (int k_begin = 0, stage = 0; k_begin < K; k_begin += G::BLOCK_K, stage ^= 1) {
        const bool more = k_begin + G::BLOCK_K < K;
        if (more) fetch_tiles(k_begin + G::BLOCK_K);

            // -- multiply
#pragma unroll 1
        for (int k = 0; k < G::BLOCK_K; k += 4) {
            float4 a[G::THREAD_M], b[4];
#pragma unroll
            for (int i = 0; i < G::THREAD_M; ++i)
                a[i] = load4(tile_a[stage] + (thread_row + i * G::THREADS_M) * G::A_STRIDE + k);
#pragma unroll
            for (int j = 0; j < G::THREAD_N; j += 4) {
                load_columns<G>(b, tile_b[stage], thread_col, j, k, [](const T* from) { return load4(from); });
#pragma unroll
                for (int c = 0; c < 4; ++c)
#pragma unroll
                    for (int i = 0; i < G::THREAD_M; ++i)
#pragma unroll
                        for (int e = 0; e < 4; ++e)
                            acc[i][j + e] = fmaf(component(a[i], c), component(b[e], c), acc[i][j + e]);
            }
        }
        // The other stage was last read before the barrier that began this step.
        if (more) place_tiles(stage ^ 1);
        __syncthreads();
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
                    store4(c + col, make_float4(acc[i][j], acc[i][j + 1], acc[i][j + 2], acc[i][j + 3]));
            } else {
#pragma unroll
                for (int e = j; e < j + 4; ++e)
                    if (block_col + G::column(thread_col, e) < N)
                        c[G::column(thread_col, e)] = from_float<T>(acc[i][e]);
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

}  // namespace stele::cuda
