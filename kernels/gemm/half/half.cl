// gemm / half — OpenCL C; siblings: half.cu, half.ptx.cu
//
// C[M,N] = A[M,K] B[K,N] in f16, row-major, B as [K,N] or [N,K]: products and their sums two at a time in f16, which
// f32 takes over every PROMOTE_EVERY of K. A block owns BLOCK_M × BLOCK_N of C and walks along K in steps of BLOCK_K.
// Its tiles are words of shared memory: of A two k of a row, of B two columns of a k; so a number of A, taken twice,
// multiplies two columns. The next step's tiles travel through registers meanwhile. A thread owns THREAD_M × THREAD_N
// in fours of rows and eights of columns, and reads the next k's numbers while it multiplies this k's.
#ifdef cl_khr_fp16
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
#endif
#include "common/element.clh"
#include "gemm/block_order.clh"
#include "gemm/layout.clh"

#define STAGES 2
#define STEPS (PROMOTE_EVERY / BLOCK_K)
#define LANES_M 4
#define LANES_N 8
#define WARP_M (LANES_M * THREAD_M)
#define WARP_N (LANES_N * THREAD_N)
#define WARPS_N (BLOCK_N / WARP_N)
// Words of a row of the shared tiles, padded by four, so that what a warp places at one time falls into 32 banks.
#define A_STRIDE (BLOCK_M + 4)
#define B_STRIDE (BLOCK_N / 2 + 4)
#define PIECES_A (BLOCK_M * BLOCK_K / 8 / NUM_THREADS)
#define PIECES_B (BLOCK_N * BLOCK_K / 8 / NUM_THREADS)

// This thread's pieces, of eight neighbours, of a matrix of `width` (along x: m of A, n of B) × `depth` (along k).
typedef struct {
    global const ushort* from;   // where the next step's first piece begins
    long x_apart, k_apart;       // elements between neighbours along x, and along k
    int width_left, depth_left;  // from there to the edges
} Source;

static inline Source source_of(bool k_contiguous, global const ushort* matrix, int width, int depth, int x, int k) {
    Source source;
    source.x_apart = k_contiguous ? depth : 1;
    source.k_apart = k_contiguous ? 1 : width;
    source.width_left = width - x;
    source.depth_left = depth - k;
    source.from = matrix + x * source.x_apart + k * source.k_apart;
    return source;
}

static inline bool has(const Source* source, int x, int k) { return x < source->width_left && k < source->depth_left; }

// Eight neighbours, x and k beyond the thread's first; zeros beyond the matrix.
static inline uint4 fetch_whole(const Source* source, int x, int k) {
    if (!has(source, x, k)) return (uint4)(0);
    return *(global const uint4*)(source->from + x * source->x_apart + k * source->k_apart);
}
// The same where 16 bytes do not divide a matrix's rows: two of the eight.
static inline uint fetch_two(bool k_contiguous, const Source* source, int x, int k, int e) {
    if (!has(source, x, k)) return 0;
    global const ushort* from = source->from + x * source->x_apart + k * source->k_apart;
    const int left = k_contiguous ? source->depth_left - k : source->width_left;
    return (e < left ? from[e] : 0u) | (e + 1 < left ? from[e + 1] : 0u) << 16;
}
static inline uint4 fetch_few(bool k_contiguous, const Source* source, int x, int k) {
    return (uint4)(fetch_two(k_contiguous, source, x, k, 0), fetch_two(k_contiguous, source, x, k, 2),
                   fetch_two(k_contiguous, source, x, k, 4), fetch_two(k_contiguous, source, x, k, 6));
}

// A: 16 rows of two pieces a warp, transposed word by word.
static inline int a_x(int thread) { return thread / 2; }
static inline int a_k(int thread) { return thread % 2 * 8; }
static inline int a_piece_x(int i) { return i % (2 * BLOCK_M / NUM_THREADS) * (NUM_THREADS / 2); }
static inline int a_piece_k(int i) { return i / (2 * BLOCK_M / NUM_THREADS) * 16; }
static inline void fetch_a(uint4* pieces, Source* source, bool aligned) {
    if (aligned) {
#pragma unroll
        for (int i = 0; i < PIECES_A; ++i) pieces[i] = fetch_whole(source, a_piece_x(i), a_piece_k(i));
    } else {
#pragma unroll
        for (int i = 0; i < PIECES_A; ++i) pieces[i] = fetch_few(true, source, a_piece_x(i), a_piece_k(i));
    }
    source->from += BLOCK_K * source->k_apart;
    source->depth_left -= BLOCK_K;
}
static inline void place_a(local uint* tile, const uint4* pieces, int thread) {
#pragma unroll
    for (int i = 0; i < PIECES_A; ++i) {
        local uint* to = tile + (a_k(thread) + a_piece_k(i)) / 2 * A_STRIDE + a_x(thread) + a_piece_x(i);
        to[0] = pieces[i].x;
        to[A_STRIDE] = pieces[i].y;
        to[2 * A_STRIDE] = pieces[i].z;
        to[3 * A_STRIDE] = pieces[i].w;
    }
}

// B: of [K,N] pieces as they lie in memory; of [N,K] eight k of two columns a thread, 32 pairs of columns a warp.
#if B_IS_KN
static inline int b_x(int thread) { return thread % (BLOCK_N / 8) * 8; }
static inline int b_k(int thread) { return thread / (BLOCK_N / 8); }
static inline int b_piece_x(int i) { return 0; }
static inline int b_piece_k(int i) { return i * (NUM_THREADS / (BLOCK_N / 8)); }
#else
static inline int b_x(int thread) { return thread % (BLOCK_N / 2) * 2; }
static inline int b_k(int thread) { return thread / (BLOCK_N / 2) * 8; }
static inline int b_piece_x(int i) { return i % 2; }
static inline int b_piece_k(int i) { return i / 2 * (NUM_THREADS / (BLOCK_N / 2) * 8); }
#endif
static inline void fetch_b(uint4* pieces, Source* source, bool aligned) {
    if (aligned) {
#pragma unroll
        for (int i = 0; i < PIECES_B; ++i) pieces[i] = fetch_whole(source, b_piece_x(i), b_piece_k(i));
    } else {
#pragma unroll
        for (int i = 0; i < PIECES_B; ++i) pieces[i] = fetch_few(!B_IS_KN, source, b_piece_x(i), b_piece_k(i));
    }
    source->from += BLOCK_K * source->k_apart;
    source->depth_left -= BLOCK_K;
}
static inline void place_pair(local uint* to, uint left, uint right) {
    to[0] = (left & 0xffffu) | right << 16;
    to[B_STRIDE] = left >> 16 | (right & 0xffff0000u);
}
static inline void place_b(local uint* tile, const uint4* pieces, int thread) {
#if B_IS_KN
#pragma unroll
    for (int i = 0; i < PIECES_B; ++i)
        *(local uint4*)(tile + (b_k(thread) + b_piece_k(i)) * B_STRIDE + b_x(thread) / 2) = pieces[i];
#else
#pragma unroll
    for (int i = 0; i < PIECES_B; i += 2) {
        local uint* to = tile + (b_k(thread) + b_piece_k(i)) * B_STRIDE + b_x(thread) / 2;
        place_pair(to, pieces[i].x, pieces[i + 1].x);
        place_pair(to + 2 * B_STRIDE, pieces[i].y, pieces[i + 1].y);
        place_pair(to + 4 * B_STRIDE, pieces[i].z, pieces[i + 1].z);
        place_pair(to + 6 * B_STRIDE, pieces[i].w, pieces[i + 1].w);
    }
#endif
}

// Where a thread's row i and column j are, behind its first: rows in fours and columns in eights, a warp's side by
// side.
static inline int row_of(int i) { return i / 4 * 4 * LANES_M + i % 4; }
static inline int col_of(int j) { return j / 8 * 8 * LANES_N + j % 8; }

static inline void read_words(half2* to, local const uint* from) {
    const uint4 words = *(local const uint4*)from;
    to[0] = as_half2(words.x);
    to[1] = as_half2(words.y);
    to[2] = as_half2(words.z);
    to[3] = as_half2(words.w);
}
// Two k of A, and one k of B.
static inline void read_a(half2* a, local const uint* tile_row) {
#pragma unroll
    for (int i = 0; i < THREAD_M; i += 4) read_words(a + i, tile_row + row_of(i));
}
static inline void read_b(half2* b, local const uint* tile_row) {
#pragma unroll
    for (int j = 0; j < THREAD_N; j += 8) read_words(b + j / 2, tile_row + col_of(j) / 2);
}
// One expression, so that compilers without fma() for `half` fuse it.
static inline void multiply(half2 acc[THREAD_M][THREAD_N / 2], const half2* a, const half2* b, int k) {
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i) {
        const half2 twice = k % 2 == 0 ? a[i].xx : a[i].yy;
#pragma unroll
        for (int j = 0; j < THREAD_N / 2; ++j) acc[i][j] = twice * b[j] + acc[i][j];
    }
}

kernel __attribute__((reqd_work_group_size(NUM_THREADS, 1, 1))) void gemm_half(
    global const ushort* restrict A,  // [M,K]
    global const ushort* restrict B,  // [K,N] or [N,K]
    global ushort* restrict C, int M, int N, int K) {
    local __attribute__((aligned(16))) uint tile_a[STAGES][BLOCK_K / 2 * A_STRIDE];
    local __attribute__((aligned(16))) uint tile_b[STAGES][BLOCK_K * B_STRIDE];
    uint4 next_a[PIECES_A], next_b[PIECES_B];
    half2 a[2][THREAD_M], b[2][THREAD_N / 2];
    half2 acc[THREAD_M][THREAD_N / 2];
    float sum[THREAD_M][THREAD_N];

    // -- place
    const int blocks_n = (N + BLOCK_N - 1) / BLOCK_N, blocks_m = (M + BLOCK_M - 1) / BLOCK_M;
    const int2 place = block_in_strips(get_group_id(0), blocks_m, blocks_n);
    const int block_row = place.x * BLOCK_M, block_col = place.y * BLOCK_N;
    const bool a_aligned = K % 8 == 0, c_aligned = N % 8 == 0, b_aligned = B_IS_KN ? c_aligned : a_aligned;
    const int thread = get_local_id(0), warp = thread / 32, lane = thread % 32;
    // As in tiled: half a warp's reads are at most 128 bytes, at one time.
    const int lane_m = lane % 2 + lane / 16 * 2, lane_n = lane / 2 % 8;
    const int thread_row = warp / WARPS_N * WARP_M + lane_m * 4;
    const int thread_col = warp % WARPS_N * WARP_N + lane_n * 8;
    Source source_a = source_of(true, A, M, K, block_row + a_x(thread), a_k(thread));
    Source source_b = source_of(!B_IS_KN, B, N, K, block_col + b_x(thread), b_k(thread));
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
        for (int j = 0; j < THREAD_N; ++j) sum[i][j] = 0.0f;

    // -- load
    fetch_a(next_a, &source_a, a_aligned);
    fetch_b(next_b, &source_b, b_aligned);
    place_a(tile_a[0], next_a, thread);
    place_b(tile_b[0], next_b, thread);
    barrier(CLK_LOCAL_MEM_FENCE);
    read_a(a[0], tile_a[0] + thread_row);
    read_b(b[0], tile_b[0] + thread_col / 2);
    for (int k_begin = 0, stage = 0; k_begin < K; k_begin += PROMOTE_EVERY) {
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
            for (int j = 0; j < THREAD_N / 2; ++j) acc[i][j] = (half2)(0);
#pragma unroll
        for (int step = 0; step < STEPS; ++step, stage ^= 1) {
            // Beyond K these are zeros.
            fetch_a(next_a, &source_a, a_aligned);
            fetch_b(next_b, &source_b, b_aligned);

            // -- multiply
#pragma unroll
            for (int k = 0; k < BLOCK_K - 1; ++k) {
                if (k % 2 == 1) read_a(a[(k + 1) / 2 % 2], tile_a[stage] + (k + 1) / 2 * A_STRIDE + thread_row);
                read_b(b[(k + 1) % 2], tile_b[stage] + (k + 1) * B_STRIDE + thread_col / 2);
                multiply(acc, a[k / 2 % 2], b[k % 2], k);
            }
            // The other stage was last read before the barrier of the step before.
            place_a(tile_a[stage ^ 1], next_a, thread);
            place_b(tile_b[stage ^ 1], next_b, thread);
            barrier(CLK_LOCAL_MEM_FENCE);
            read_a(a[0], tile_a[stage ^ 1] + thread_row);
            read_b(b[0], tile_b[stage ^ 1] + thread_col / 2);
            multiply(acc, a[(BLOCK_K - 1) / 2 % 2], b[(BLOCK_K - 1) % 2], BLOCK_K - 1);
        }
#pragma unroll
        for (int i = 0; i < THREAD_M; ++i)
#pragma unroll
            for (int j = 0; j < THREAD_N; j += 2) {
                sum[i][j] += (float)acc[i][j / 2].x;
                sum[i][j + 1] += (float)acc[i][j / 2].y;
            }
    }

    // -- store
#pragma unroll
    for (int i = 0; i < THREAD_M; ++i) {
        const int row = block_row + thread_row + row_of(i);
        global ushort* c = C + (long)row * N;
#pragma unroll
        for (int j = 0; j < THREAD_N; j += 4) {
            const int col = block_col + thread_col + col_of(j);
            if (c_aligned) {
                if (row < M && col < N)
                    *(global Element4*)(c + col) =
                        from_float((float4)(sum[i][j], sum[i][j + 1], sum[i][j + 2], sum[i][j + 3]));
            } else {
#pragma unroll
                for (int e = 0; e < 4; ++e)
                    if (row < M && col + e < N) c[col + e] = element_from_float(sum[i][j + e]);
            }
        }
    }
}
