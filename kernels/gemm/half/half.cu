// gemm / half — CUDA C++; siblings: half.ptx.cu, half.cl
//
// C[M,N] = A[M,K] B[K,N] in f16, row-major, B as [K,N] or [N,K]: products and their sums two at a time in f16, which
// f32 takes over every PROMOTE_EVERY of K. A block owns BLOCK_M × BLOCK_N of C and walks along K in steps of BLOCK_K.
// Its tiles are words of shared memory: of A two k of a row, of B two columns of a k; so a number of A, taken twice,
// multiplies two columns. The next step's tiles travel through registers meanwhile. A thread owns THREAD_M × THREAD_N
// in fours of rows and eights of columns, and reads the next k's numbers while it multiplies this k's.
#include "kernels/gemm/half/half.cuh"

namespace stele::gemm::cuda {

using gemm::HalfTile;
using gemm::LayoutB;

template <std::size_t TILE, LayoutB layout>
__global__ void __launch_bounds__(gemm::half_threads<gemm::half_tile<TILE>>, gemm::half_blocks<gemm::half_tile<TILE>>)
    gemm_half(const half* __restrict__ A,  // [M,K]
              const half* __restrict__ B,  // [K,N] or [N,K]
              half* __restrict__ C, int M, int N, int K) {
    using G = gemm::Half<gemm::half_tile<TILE>, layout>;
    using PartA = typename G::PartA;
    using PartB = typename G::PartB;
    alignas(16) __shared__ std::uint32_t tile_a[G::STAGES][PartA::WORDS];
    alignas(16) __shared__ std::uint32_t tile_b[G::STAGES][PartB::WORDS];
    uint4 next_a[PartA::PIECES], next_b[PartB::PIECES];
    __half2 a[2][G::THREAD_M], b[2][G::THREAD_N / 2];
    __half2 acc[G::THREAD_M][G::THREAD_N / 2];
    float sum[G::THREAD_M][G::THREAD_N] = {};

    // -- place
    const int blocks_n = (N + G::BLOCK_N - 1) / G::BLOCK_N, blocks_m = (M + G::BLOCK_M - 1) / G::BLOCK_M;
    const auto [block_m, block_n] = gemm::block_in_strips(blockIdx.x, blocks_m, blocks_n);
    const int block_row = block_m * G::BLOCK_M, block_col = block_n * G::BLOCK_N;
    const bool a_aligned = K % 8 == 0, c_aligned = N % 8 == 0;
    const bool b_aligned = layout == LayoutB::kn ? c_aligned : a_aligned;
    const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
    // As in tiled: half a warp's reads are at most 128 bytes, at one time.
    const int lane_m = lane % 2 + lane / 16 * 2, lane_n = lane / 2 % 8;
    const int thread_row = warp / G::WARPS_N * G::WARP_M + lane_m * 4;
    const int thread_col = warp % G::WARPS_N * G::WARP_N + lane_n * 8;
    gemm::Source<PartA, half> source_a(A, M, K, block_row, thread);
    gemm::Source<PartB, half> source_b(B, N, K, block_col, thread);
    const auto fetch_tiles = [&] {
        gemm::fetch(next_a, source_a, a_aligned);
        gemm::fetch(next_b, source_b, b_aligned);
        source_a.advance();
        source_b.advance();
    };
    const auto place_tiles = [&](int stage) {
        PartA::place(tile_a[stage], next_a, thread);
        PartB::place(tile_b[stage], next_b, thread);
    };
    // One k of B, and with an even one two k of A.
    const auto read = [&](int stage, int k) {
        if (k % 2 == 0)
#pragma unroll
            for (int i = 0; i < G::THREAD_M; i += 4)
                gemm::read_words(&a[k / 2 % 2][i], &tile_a[stage][k / 2 * PartA::STRIDE + thread_row + G::row(i)]);
#pragma unroll
        for (int j = 0; j < G::THREAD_N; j += 8)
            gemm::read_words(&b[k % 2][j / 2], &tile_b[stage][k * PartB::STRIDE + (thread_col + G::col(j)) / 2]);
    };
    const auto multiply = [&](int k) {
#pragma unroll
        for (int i = 0; i < G::THREAD_M; ++i) {
            const __half2 pair = a[k / 2 % 2][i], twice = k % 2 == 0 ? __low2half2(pair) : __high2half2(pair);
#pragma unroll
            for (int j = 0; j < G::THREAD_N / 2; ++j) acc[i][j] = __hfma2(twice, b[k % 2][j], acc[i][j]);
        }
    };

    // -- load
    fetch_tiles();
    place_tiles(0);
    __syncthreads();
    read(0, 0);
    int stage = 0;
#pragma unroll 1
    for (int k_begin = 0; k_begin < K; k_begin += G::PROMOTE_EVERY) {
#pragma unroll
        for (int i = 0; i < G::THREAD_M; ++i)
#pragma unroll
            for (int j = 0; j < G::THREAD_N / 2; ++j) acc[i][j] = __half2half2(__ushort_as_half(0));
#pragma unroll
        for (int step = 0; step < G::STEPS; ++step, stage ^= 1) {
            // Beyond K these are zeros.
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
#pragma unroll
        for (int i = 0; i < G::THREAD_M; ++i)
#pragma unroll
            for (int j = 0; j < G::THREAD_N; j += 2) {
                const float2 two = __half22float2(acc[i][j / 2]);
                sum[i][j] += two.x;
                sum[i][j + 1] += two.y;
            }
    }

    // -- store
#pragma unroll
    for (int i = 0; i < G::THREAD_M; ++i) {
        const int row = block_row + thread_row + G::row(i);
        if (row >= M) continue;
        half* c = C + static_cast<long long>(row) * N;
#pragma unroll
        for (int j = 0; j < G::THREAD_N; j += 8) {
            const int col = block_col + thread_col + G::col(j);
            if (c_aligned) {
                if (col >= N) continue;
                store4(c + col, make_float4(sum[i][j], sum[i][j + 1], sum[i][j + 2], sum[i][j + 3]));
                store4(c + col + 4, make_float4(sum[i][j + 4], sum[i][j + 5], sum[i][j + 6], sum[i][j + 7]));
            } else {
#pragma unroll
                for (int e = 0; e < 8; ++e)
                    if (col + e < N) c[col + e] = from_float<half>(sum[i][j + e]);
            }
        }
    }
}

std::vector<NativeInstance> gemm_half() {
    NativeList list;
    for_each_tile<gemm::half_tiles>([&]<HalfTile tile>() {
        gemm::for_each_half_instance([&]<LayoutB layout>(const std::string& instance) {
            list.add<gemm_half<tile_index<gemm::half_tiles>(tile), layout>>("gemm_half", text(tile) + ' ' + instance);
        });
    });
    return std::move(list);
}

}  // namespace stele::gemm::cuda
