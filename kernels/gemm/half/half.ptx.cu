// gemm / half — CUDA C++ with PTX; siblings: half.cu, half.cl
//
// C[M,N] = A[M,K] B[K,N] in f16, row-major, B as [K,N] or [N,K]: products and their sums two at a time in f16, which
// f32 takes over every PROMOTE_EVERY of K. A block owns BLOCK_M × BLOCK_N of C and walks along K in steps of BLOCK_K.
// Its tiles are words of shared memory: of A two k of a row, of B two columns of a k; so a number of A, taken twice,
// multiplies two columns. cp.async brings the next step's tiles meanwhile. A thread owns THREAD_M × THREAD_N in fours
// of rows and eights of columns, and reads the next k's numbers while it multiplies this k's.
#include "kernels/common/ptx/cp_async.cuh"
#include "kernels/common/ptx_element.cuh"
#include "kernels/gemm/half/half.cuh"

namespace stele::gemm::ptx {

using namespace stele::ptx;

using gemm::HalfTile;
using gemm::LayoutB;

/// A's part, word by word: a copy of two k also transposes. A warp copies eight words of each of four rows.
template <HalfTile tile>
struct PartOfWords {
    static constexpr bool k_contiguous = true;
    static constexpr int vector = 2, step = tile.block_k;
    static constexpr int PIECES = tile.block_m * tile.block_k / 2 / gemm::half_threads<tile>;
    static constexpr int STRIDE = tile.block_m + 4, WORDS = tile.block_k / 2 * STRIDE;
    static constexpr int WIDTH = gemm::half_threads<tile> / 8, TIMES = tile.block_m / WIDTH;
    static __device__ constexpr int x(int thread) { return thread / 8; }
    static __device__ constexpr int k(int thread) { return thread % 8 * 2; }
    static __device__ constexpr int X(int i) { return i % TIMES * WIDTH; }
    static __device__ constexpr int K(int i) { return i / TIMES * 16; }
};

/// Four words of shared memory.
__device__ __forceinline__ void read_words(std::uint32_t* to, const std::uint32_t* from) {
    const uint4 words = ld_shared_v4_b32(from);
    memcpy(to, &words, 16);
}

/// Where piece i of a thread belongs in the shared tile.
template <typename Part>
__device__ __forceinline__ std::uint32_t* place_of(std::uint32_t* tile, int thread, int i) {
    if constexpr (Part::vector == 2)
        return tile + Part::k(thread) / 2 * Part::STRIDE + Part::x(thread) + Part::K(i) / 2 * Part::STRIDE + Part::X(i);
    else
        return tile + Part::k(thread) * Part::STRIDE + Part::x(thread) / 2 + Part::K(i) * Part::STRIDE;
}

/// A part's way from global to shared memory: asynchronous where what lies together stays together, zeros beyond the
/// matrix. Rows that words or pieces of 16 bytes do not divide are copied by elements.
template <typename Part>
struct Transfer {
    __device__ __forceinline__ void begin(std::uint32_t* tile, const gemm::Source<Part, half>& source, bool aligned,
                                          int thread) {
        if (aligned) {
#pragma unroll
            for (int i = 0; i < Part::PIECES; ++i) {
                std::uint32_t* to = place_of<Part>(tile, thread, i);
                if constexpr (Part::vector == 2)
                    cp_async_ca_4(to, source.piece(i), source.has(i) ? 4 : 0);
                else
                    cp_async_cg_16(to, source.piece(i), source.has(i) ? 16 : 0);
            }
            return;
        }
#pragma unroll
        for (int i = 0; i < Part::PIECES; ++i) {
            half few[Part::vector];
#pragma unroll
            for (int e = 0; e < Part::vector; ++e)
                few[e] = source.has(i) && e < source.left(i) ? load_raw(source.piece(i) + e) : half{};
#pragma unroll
            for (int e = 0; e < Part::vector; e += 2)
                st_shared_b32(place_of<Part>(tile, thread, i) + e / 2,
                              same_bits<std::uint32_t>(__halves2half2(few[e], few[e + 1])));
        }
    }
    __device__ __forceinline__ void end(std::uint32_t* /*tile*/, int /*thread*/) {}
};

/// B as [N,K]: no copy makes words of two columns, so these go through registers.
template <HalfTile tile>
struct Transfer<gemm::HalfPartB<tile, LayoutB::nk>> {
    using Part = gemm::HalfPartB<tile, LayoutB::nk>;
    uint4 pieces[Part::PIECES];

    __device__ __forceinline__ void begin(std::uint32_t* /*tile*/, const gemm::Source<Part, half>& source, bool aligned,
                                          int /*thread*/) {
        gemm::fetch(pieces, source, aligned);
    }
    __device__ __forceinline__ void end(std::uint32_t* tile_b, int thread) { Part::place(tile_b, pieces, thread); }
};

template <std::size_t TILE, LayoutB layout>
__global__ void __launch_bounds__(gemm::half_threads<gemm::half_tile<TILE>>, gemm::half_blocks<gemm::half_tile<TILE>>)
    gemm_half(const half* __restrict__ A,  // [M,K]
              const half* __restrict__ B,  // [K,N] or [N,K]
              half* __restrict__ C, int M, int N, int K) {
    using G = gemm::Half<gemm::half_tile<TILE>, layout>;
    using PartA = PartOfWords<gemm::half_tile<TILE>>;
    using PartB = typename G::PartB;
    alignas(16) __shared__ std::uint32_t tile_a[G::STAGES][PartA::WORDS];
    alignas(16) __shared__ std::uint32_t tile_b[G::STAGES][PartB::WORDS];
    Transfer<PartA> transfer_a;
    Transfer<PartB> transfer_b;
    std::uint32_t a[2][G::THREAD_M], b[2][G::THREAD_N / 2];
    std::uint32_t acc[G::THREAD_M][G::THREAD_N / 2];
    float sum[G::THREAD_M][G::THREAD_N] = {};

    // -- place
    const int blocks_n = (N + G::BLOCK_N - 1) / G::BLOCK_N, blocks_m = (M + G::BLOCK_M - 1) / G::BLOCK_M;
    const auto [block_m, block_n] = gemm::block_in_strips(blockIdx.x, blocks_m, blocks_n);
    const int block_row = block_m * G::BLOCK_M, block_col = block_n * G::BLOCK_N;
    const bool a_aligned = K % 2 == 0, c_aligned = N % 8 == 0;
    const bool b_aligned = layout == LayoutB::kn ? c_aligned : K % 8 == 0;
    const int thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
    // As in tiled: half a warp's reads are at most 128 bytes, at one time.
    const int lane_m = lane % 2 + lane / 16 * 2, lane_n = lane / 2 % 8;
    const int thread_row = warp / G::WARPS_N * G::WARP_M + lane_m * 4;
    const int thread_col = warp % G::WARPS_N * G::WARP_N + lane_n * 8;
    gemm::Source<PartA, half> source_a(A, M, K, block_row, thread);
    gemm::Source<PartB, half> source_b(B, N, K, block_col, thread);
    const auto begin_transfer = [&](int stage) {
        transfer_a.begin(tile_a[stage], source_a, a_aligned, thread);
        transfer_b.begin(tile_b[stage], source_b, b_aligned, thread);
        cp_async_commit_group();
        source_a.advance();
        source_b.advance();
    };
    const auto end_transfer = [&](int stage) {
        transfer_a.end(tile_a[stage], thread);
        transfer_b.end(tile_b[stage], thread);
        cp_async_wait_group<0>();
        __syncthreads();
    };
    // One k of B, and with an even one two k of A.
    const auto read = [&](int stage, int k) {
        if (k % 2 == 0)
#pragma unroll
            for (int i = 0; i < G::THREAD_M; i += 4)
                read_words(&a[k / 2 % 2][i], &tile_a[stage][k / 2 * PartA::STRIDE + thread_row + G::row(i)]);
#pragma unroll
        for (int j = 0; j < G::THREAD_N; j += 8)
            read_words(&b[k % 2][j / 2], &tile_b[stage][k * PartB::STRIDE + (thread_col + G::col(j)) / 2]);
    };
    const auto multiply = [&](int k) {
#pragma unroll
        for (int i = 0; i < G::THREAD_M; ++i) {
            const __half2 pair = same_bits<__half2>(a[k / 2 % 2][i]);
            const auto twice = same_bits<std::uint32_t>(k % 2 == 0 ? __low2half2(pair) : __high2half2(pair));
#pragma unroll
            for (int j = 0; j < G::THREAD_N / 2; ++j) acc[i][j] = fma_rn_f16x2(twice, b[k % 2][j], acc[i][j]);
        }
    };

    // -- load
    begin_transfer(0);
    end_transfer(0);
    read(0, 0);
    int stage = 0;
#pragma unroll 1
    for (int k_begin = 0; k_begin < K; k_begin += G::PROMOTE_EVERY) {
#pragma unroll
        for (int i = 0; i < G::THREAD_M; ++i)
#pragma unroll
            for (int j = 0; j < G::THREAD_N / 2; ++j) acc[i][j] = 0;
#pragma unroll
        for (int step = 0; step < G::STEPS; ++step, stage ^= 1) {
            // The other stage was last read before the barrier of the step before. Beyond K come zeros.
            begin_transfer(stage ^ 1);

            // -- multiply
#pragma unroll
            for (int k = 0; k < G::BLOCK_K - 1; ++k) {
                read(stage, k + 1);
                multiply(k);
            }
            end_transfer(stage ^ 1);
            read(stage ^ 1, 0);
            multiply(G::BLOCK_K - 1);
        }
#pragma unroll
        for (int i = 0; i < G::THREAD_M; ++i)
#pragma unroll
            for (int j = 0; j < G::THREAD_N; j += 2) {
                const float2 two = __half22float2(same_bits<__half2>(acc[i][j / 2]));
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
                store4_streaming(c + col, make_float4(sum[i][j], sum[i][j + 1], sum[i][j + 2], sum[i][j + 3]));
                store4_streaming(c + col + 4, make_float4(sum[i][j + 4], sum[i][j + 5], sum[i][j + 6], sum[i][j + 7]));
            } else {
#pragma unroll
                for (int e = 0; e < 8; ++e)
                    if (col + e < N) store_element(c + col + e, sum[i][j + e]);
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

}  // namespace stele::gemm::ptx
